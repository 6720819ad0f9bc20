import { hash } from 'node:crypto';
import type { QueryConfig } from 'pg';
import { RetryableError } from '../errors.ts';
import { fromDriver, isServerError } from './to-db-error.ts';

/** The server cuts off what is longer, so that two names could become one. */
const MOST_BYTES = 63;
/** For `_` and a number behind it. */
const ROOM = 8;

/** What a prepared statement is called on the server now. */
interface Naming {
  readonly base: string;
  generation: number;
}

// By what a caller calls it and by its text.
const namings = new Map<string, Map<string, Naming>>();

/**
 * The statement under the name that it has on the server. pg remembers by connection which names
 * it has prepared, and refuses another text under one of them; so a name stands for one text: the
 * first, and any other gets a hash behind it.
 */
export function withServerName(config: QueryConfig): QueryConfig {
  const { name, text } = config;
  return name === undefined ? config : { ...config, name: nameOf(namingOf(name, text)) };
}

/**
 * The error for what the driver rejected. A statement whose connection has a stale plan for it, or
 * none any more, gets a new name, so that every connection prepares it anew; `sent` is the one
 * with the server's name. Many callers can find the same plan stale.
 */
export function refused(config: QueryConfig, sent: QueryConfig, error: unknown): Error {
  const translated = fromDriver(error);
  const { name, text } = config;
  if (name === undefined) return translated;
  const isGone = isServerError(error) && error.code === '26000';
  if (!isGone && !isStale(translated)) return translated;
  const naming = namingOf(name, text);
  if (nameOf(naming) === sent.name) naming.generation += 1;
  if (!isGone) return translated;
  return new RetryableError('STALE_PLAN', "a connection's prepared statements were discarded", {
    sqlState: '26000',
  });
}

/** Whether a prepared statement was refused for what its connection had prepared. */
export function isStale(error: unknown): boolean {
  return error instanceof RetryableError && error.code === 'STALE_PLAN';
}

const labels = new Map<string, string>();

/**
 * A name for one text: the hash keeps two texts under one label apart, such as those of two
 * versions of this library that share a connection through PgBouncer.
 */
export function nameWithHash(label: string, text: string): string {
  const name = `${label}_${hash('sha256', text).slice(0, 8)}`;
  labels.set(name, label);
  return name;
}

/** What a statement is called without such a hash. */
export function labelOf(name: string | undefined): string | undefined {
  return name === undefined ? undefined : (labels.get(name) ?? name);
}

function nameOf({ base, generation }: Naming): string {
  return generation === 0 ? base : `${base}_${generation}`;
}

function namingOf(name: string, text: string): Naming {
  let texts = namings.get(name);
  if (texts === undefined) {
    texts = new Map();
    namings.set(name, texts);
  }
  let naming = texts.get(text);
  if (naming === undefined) {
    const isPlain = texts.size === 0 && Buffer.byteLength(name) + ROOM <= MOST_BYTES;
    naming = { base: isPlain ? name : withHash(name, text), generation: 0 };
    texts.set(text, naming);
  }
  return naming;
}

function withHash(name: string, text: string): string {
  const digest = hash('sha256', `${name}\0${text}`).slice(0, 16);
  const kept = Buffer.from(name).subarray(0, MOST_BYTES - ROOM - digest.length - 1);
  return `${kept.toString('latin1').replaceAll(/[^ -~]/g, '?')}_${digest}`;
}
