import { KIT_IS_GUARDED } from '../schema/kit-guard.ts';

// Before the tables are loaded.
process.env[KIT_IS_GUARDED] = 'yes';
