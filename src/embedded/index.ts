export { EmbeddedError, type EmbeddedErrorCode } from './errors.ts';
export type { EmbeddedServer } from './server.ts';
export type { EmbeddedOptions, PostgresSettings } from './settings.ts';
export { findEmbedded, startEmbedded, stopEmbedded } from './start.ts';
