export { EscoError, type EscoErrorCode } from './errors.ts';
export {
  type EscoImport,
  type EscoImportOptions,
  importEsco,
  type UnusableRow,
} from './import-esco.ts';
