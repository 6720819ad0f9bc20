import { loadEnvironment } from '../src/cli/environment.ts';
import { openTarget } from '../src/cli/target.ts';

// Runs the tour on the database that the commands use.
loadEnvironment({});
process.env.DATABASE_URL = (await openTarget()).url;
await import('../examples/tour.ts');
