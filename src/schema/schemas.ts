import { pgSchema } from 'drizzle-orm/pg-core';
import { failingKit, refuseBareKitPush } from './kit-guard.ts';

// Here, because every table needs this file.
failingKit(() => refuseBareKitPush(process.argv, process.env));

/** One PostgreSQL schema for each service area. */
export const identity = pgSchema('identity');
export const education = pgSchema('education');
export const finance = pgSchema('finance');
export const marketplace = pgSchema('marketplace');
export const ai = pgSchema('ai');
export const platform = pgSchema('platform');

/** The names of all six. */
export const serviceSchemas = [identity, education, finance, marketplace, ai, platform].map(
  ({ schemaName }) => schemaName,
);
