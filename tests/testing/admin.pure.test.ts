import { describe, expect, it } from 'vitest';
import { parseUrl } from '../../src/db/url.ts';
import { withDatabase, withoutOptions } from '../../src/testing/admin.ts';

describe('withDatabase', () => {
  it.each([
    'postgres://u:p@h/shop',
    'postgres://u:p@h/shop?dbname=shop&sslmode=disable',
    'postgres://u:p@h?dbname=shop',
  ])('leads out of the database that is named, wherever it is named: %s', (serverUrl) => {
    const url = withoutOptions(withDatabase(serverUrl, 'clone'));
    expect(parseUrl(url)).toMatchObject({ host: 'h', user: 'u', password: 'p', database: 'clone' });
  });
});
