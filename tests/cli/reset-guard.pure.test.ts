import { describe, expect, it } from 'vitest';
import { checkReset, isLocal } from '../../src/cli/reset-guard.ts';

const request = {
  host: 'localhost',
  database: 'azora',
  yes: true,
  force: false,
  isProduction: false,
  isTerminal: false,
};

describe('checkReset', () => {
  it('asks on a terminal, unless told not to', () => {
    expect(checkReset({ ...request, isTerminal: true, yes: false })).toBe('ask');
    expect(checkReset({ ...request, isTerminal: true })).toBe('go');
    expect(checkReset(request)).toBe('go');
  });

  it('wants --yes where nobody can be asked', () => {
    expect(() => checkReset({ ...request, yes: false })).toThrow(/wants --yes/);
  });

  it.each([
    ['in production', { isProduction: true }],
    ['on a server elsewhere', { host: 'db.example.com' }],
  ])('wants --force %s, and consent as well', (_where, given) => {
    expect(() => checkReset({ ...request, ...given })).toThrow(/add --force/);
    expect(() => checkReset({ ...request, ...given, force: true, yes: false })).toThrow(/--yes/);
    expect(checkReset({ ...request, ...given, force: true })).toBe('go');
    const onTerminal = { ...request, ...given, force: true, yes: false, isTerminal: true };
    expect(checkReset(onTerminal)).toBe('ask');
  });
});

describe('isLocal', () => {
  it.each(['localhost', '127.0.0.1', '127.8.9.10', '::1', '/var/run/postgresql', ''])(
    'takes %j for this machine',
    (host) => expect(isLocal(host)).toBe(true),
  );

  it.each([
    '10.0.0.1',
    'db',
    'localhost.example.com',
    '127.0.0.1.example.com',
    'db.127.0.0.1',
    '0.0.0.0',
    '::2',
  ])('takes %j for another', (host) => expect(isLocal(host)).toBe(false));
});
