export { EmbeddedError, type EmbeddedErrorCode } from './errors.ts';
export type { EmbeddedServer } from './server.ts';
export type { PostgresSettings } from './settings.ts';
export { type EmbeddedOptions, findEmbedded, startEmbedded, stopEmbedded } from './start.ts';
