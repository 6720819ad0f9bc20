export { EscoError, type EscoErrorCode } from './errors.ts';
export {
  type EscoImport,
  type EscoImportOptions,
  importEsco,
} from './import-esco.ts';
export type { UnusableRow } from './usable-rows.ts';
