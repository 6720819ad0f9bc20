import { startEmbedded } from '../src/embedded/index.ts';
import { describeGeneration, planGeneration } from '../src/migrate/generate.ts';
import { checkLanded } from '../src/migrate/landed.ts';
import { CATALOG_SERVER, isShipped, renderShippedCatalog } from '../src/migrate/write-catalog.ts';

// For `npm run check`: fails when `npm run db:generate` would write something, or a migration is not the one that landed.
const plan = await planGeneration();
if (plan !== undefined) {
  console.error('src and drizzle/ differ: run npm run db:generate -- --name <what_changes>');
  console.error(describeGeneration(plan));
  process.exitCode = 1;
}
for (const fault of checkLanded()) {
  console.error(`drizzle/: ${fault}`);
  process.exitCode = 1;
}

const server = await startEmbedded(CATALOG_SERVER);
try {
  if (!isShipped(await renderShippedCatalog(server.url))) {
    console.error('drizzle/catalog.json is not what the migrations make: run npm run db:land');
    process.exitCode = 1;
  }
} finally {
  await server.stop();
}
