import { hash } from 'node:crypto';
import type { Client } from 'pg';
import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { TestingError } from './errors.ts';

const TIMEOUT_MS = 300_000;

/** Lets one connection at a time build or drop the template of this name. */
export async function withBuildLock(
  admin: Client,
  template: string,
  work: () => Promise<void>,
): Promise<void> {
  const key = hash('sha256', template, 'buffer').readBigInt64BE();
  const onTimeout = () =>
    new TestingError(
      'TEST_TEMPLATE_TIMEOUT',
      `Another process has been building ${template} for ${TIMEOUT_MS / 1000} seconds.`,
    );
  await withAdvisoryLock(admin, { key, timeoutMs: TIMEOUT_MS, onTimeout }, work);
}
