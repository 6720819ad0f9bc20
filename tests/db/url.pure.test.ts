import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseUrl } from '../../src/db/url.ts';
import { rejection } from '../setup/errors.ts';

const aFile = join(import.meta.dirname, 'url.pure.test.ts');

afterEach(() => vi.unstubAllEnvs());

const refusal = (url: string) => rejection(Promise.resolve().then(() => parseUrl(url)));

describe('a URL is read as libpq reads it:', () => {
  test.each([
    ['postgres://u:p@h/a%40b', { database: 'a@b' }],
    ['postgres://u:p@h/a%2Fb%3Fc%25d', { database: 'a/b?c%d' }],
    ['postgres://u:p@h/%C3%B6l%20shop', { database: 'öl shop' }],
    ['postgres://u:p@h/a/b', { database: 'a/b' }],
    ['postgres://u:p@h/a?dbname=b', { database: 'b' }],
    ['postgres://u:p@h', { database: 'u', port: 5432 }],
    ['postgres://u:p@h/', { database: 'u' }],
    [
      'postgresql://u%40x:p%3A%2F%3F%23%40@h:6000/a',
      { user: 'u@x', password: 'p:/?#@', port: 6000 },
    ],
    ['postgres://u:p@[::1]:6000/a', { host: '::1', port: 6000 }],
    ['postgres://u:p@%2Frun%2Fpg/a', { host: '/run/pg', database: 'a' }],
    ['postgres:///a?host=/run/pg&user=u', { host: '/run/pg', user: 'u', database: 'a' }],
    ['postgres://u@/a?host=/run/pg&port=6000', { host: '/run/pg', port: 6000, database: 'a' }],
    ['postgres://h/a?user=u&password=p', { host: 'h', user: 'u', password: 'p' }],
    ['postgres://u:a,b@h/c,d', { password: 'a,b', database: 'c,d', host: 'h' }],
    ['postgres://u@h/a?options=-c%20a.b%3D1', { options: '-c a.b=1' }],
    ['postgres://u@h/a?options=-c+a.b%3D1', { options: '-c a.b=1' }],
    ['postgres://u:p+q@h/c+d?user=v%2Bw', { user: 'v+w', password: 'p+q', database: 'c+d' }],
    ['postgres://u@h/a?connect_timeout=7', { connectTimeoutMs: 7_000 }],
    ['postgres://u@h/a?connect_timeout=0', { connectTimeoutMs: 0 }],
    ['postgres://u@h/a?channel_binding=prefer&target_session_attrs=any', { host: 'h' }],
  ])('%s', (url, expected) => {
    expect(parseUrl(url)).toMatchObject(expected);
  });

  test('what it leaves out is in the environment', () => {
    vi.stubEnv('PGDATABASE', 'shop');
    vi.stubEnv('PGUSER', 'somebody');
    vi.stubEnv('PGCONNECT_TIMEOUT', '3');
    const expected = { host: 'h', user: 'somebody', database: 'shop', connectTimeoutMs: 3_000 };
    expect(parseUrl('postgres://h')).toMatchObject(expected);
  });
});

describe('TLS:', () => {
  const unverified = { rejectUnauthorized: false };
  test.each([
    ['', false, false],
    ['?sslmode=disable', false, false],
    ['?ssl=0', false, false],
    ['?sslmode=prefer', unverified, true],
    ['?sslmode=require', unverified, false],
    ['?sslmode=no-verify', unverified, false],
    ['?ssl=true', {}, false],
    ['?sslmode=verify-full', {}, false],
    ['?sslmode=verify-full&sslrootcert=system', {}, false],
    [`?sslmode=verify-full&sslrootcert=${aFile}`, { ca: expect.any(String) }, false],
    [
      `?sslmode=verify-ca&sslrootcert=${aFile}`,
      { ca: expect.any(String), checkServerIdentity: expect.any(Function) },
      false,
    ],
    [
      `?sslmode=require&sslrootcert=${aFile}`,
      { ca: expect.any(String), checkServerIdentity: expect.any(Function) },
      false,
    ],
  ])('"%s"', (query, ssl, isOptional) => {
    expect(parseUrl(`postgres://u@h/a${query}`).tls).toEqual({
      ssl,
      isOptional,
      negotiation: 'postgres',
    });
  });

  test.each(['', '&sslmode=require', '&sslmode=verify-full&sslrootcert=/nowhere'])(
    'none over a socket, with "%s" and whatever PGSSLMODE says',
    (query) => {
      vi.stubEnv('PGSSLMODE', 'require');
      expect(parseUrl(`postgres://u@/a?host=/run/pg${query}`).tls.ssl).toBe(false);
    },
  );

  test('PGSSLMODE, PGSSLROOTCERT and PGSSLNEGOTIATION count where the URL says nothing', () => {
    vi.stubEnv('PGSSLMODE', 'verify-full');
    vi.stubEnv('PGSSLNEGOTIATION', 'direct');
    vi.stubEnv('PGSSLROOTCERT', aFile);
    const { tls } = parseUrl('postgres://u@h/a');
    expect(tls).toMatchObject({ negotiation: 'direct', ssl: { ca: expect.any(String) } });
    expect(parseUrl('postgres://u@h/a?sslmode=disable').tls.ssl).toBe(false);
  });
});

describe('refused, by the name of the parameter, is what would be ignored:', () => {
  test.each([
    ['postgres://u:hunter2@h1:1,h2:2/a', 'host'],
    ['postgres://u:hunter2@h1,h2/a', 'host'],
    ['postgres://u:hunter2@/a?host=h1,h2', 'host'],
    ['postgres://u:hunter2@h/a?port=1,2', 'port'],
    ['postgres://u@h/a?password=hunter2+', 'password'],
    ['postgres://u:hunter2@h/a?dbname=a+b', 'dbname'],
    ['postgres://u:hunter2@h/a?connect_timeout=0x10', 'connect_timeout'],
    ['postgres://u:hunter2@h/a?host=/run/pg&sslmode=verify-fool', 'sslmode'],
    ['postgres://u:hunter2@h/a?service=shop', 'service'],
    ['postgres://u:hunter2@h/a?hostaddr=127.0.0.1', 'hostaddr'],
    ['postgres://u:hunter2@h/a?target_session_attrs=read-write', 'target_session_attrs'],
    ['postgres://u:hunter2@h/a?channel_binding=require', 'channel_binding'],
    ['postgres://u:hunter2@h/a?client_encoding=LATIN1', 'client_encoding'],
    ['postgres://u:hunter2@h/a?sslmode=allow', 'sslmode'],
    ['postgres://u:hunter2@h/a?sslmode=verify-ca', 'sslmode'],
    ['postgres://u:hunter2@h/a?sslmode=verify-fool', 'sslmode'],
    ['postgres://u:hunter2@h/a?ssl=perhaps', 'ssl'],
    ['postgres://u:hunter2@h/a?sslmode=prefer&sslnegotiation=direct', 'sslnegotiation'],
    ['postgres://u:hunter2@h/a?connect_timeout=soon', 'connect_timeout'],
    ['postgres://u:hunter2@h/a?pgbouncer=true', 'pgbouncer'],
    ['postgres://u:hunter2@h/a?schema=public', 'schema'],
    ['postgres://u:hunter2@h/a?max=5', 'max'],
  ])('%s', async (url, name) => {
    const error = await refusal(url);
    expect(error).toMatchObject({ name: 'ConnectError', code: 'URL_UNSUPPORTED' });
    expect(error.message).toMatch(new RegExp(`^the URL's (?:parameter )?${name} `));
    expect(error.message).not.toContain('hunter2');
  });

  test('PGPORT with several ports, unless the URL has one', async () => {
    vi.stubEnv('PGPORT', '6000,6001');
    expect(await refusal('postgres://h/a')).toMatchObject({ code: 'URL_MALFORMED' });
    expect(parseUrl('postgres://u:1@h:7000/a')).toMatchObject({ port: 7000 });
  });

  test('PGHOST with several hosts', async () => {
    vi.stubEnv('PGHOST', 'h1,h2');
    expect(await refusal('postgres:///a')).toMatchObject({ code: 'URL_UNSUPPORTED' });
  });

  test.each([
    'postgres://u:hun?ter2@h/a',
    'postgres://u:hun/ter2@h/a',
    'postgres://u:hunter2@h/a#b',
    'postgres://u:hunter2@h/%zz',
    'postgres://u:hunter2@h:0/a',
    'postgres://u:hunter2@h/a?port=x',
    'postgres://u:hunter2@h/a?port=6000x',
    'postgres://u:hun%ter2@h/a',
    'postgres://u@h/a?password=hunter2%ff',
    'postgres://u:hun\tter2@h/a',
    'postgres://u:hunter2@h/a\n',
    'postgres://u:hunter2@h/a%00b',
  ])('and what is no URL: %s', async (url) => {
    const error = await refusal(url);
    expect(error).toMatchObject({ name: 'ConnectError', code: 'URL_MALFORMED' });
    expect(error.message).not.toMatch(/hunter2|ter2/);
  });
});
