import type { KIT_IS_GUARDED } from '../schema/kit-guard.ts';

// Before the tables are loaded. So it imports no value of theirs: in the built files that would
// load them first, where the guard is.
process.env['AZORA_DB_KIT_IS_GUARDED' satisfies typeof KIT_IS_GUARDED] = 'yes';
