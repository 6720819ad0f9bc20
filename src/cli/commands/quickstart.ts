import { migrate } from '../../migrate/index.ts';
import { print, tell } from '../output.ts';
import { reportStudent } from '../report-student.ts';
import { runMigrate } from '../run-migrate.ts';
import { openSharedServer } from '../shared-server.ts';
import { holdSignals } from '../signals.ts';
import type { Target } from '../target.ts';
import { withDb } from '../with-db.ts';
import { refuseSeed, seedDemoData } from './seed.ts';

/**
 * From nothing to a migrated, seeded database, and what the queries answer for the demo student.
 * Its output is the same at every run, so it names no port and no count of what was left to do. A
 * server that it starts it stops again, after Control-C too, unless others have come to use it; the
 * data stay for the next run and for `db:start`.
 */
export async function quickstart(options: { force?: boolean }): Promise<void> {
  refuseSeed(options);
  const signals = holdSignals();
  try {
    const server = await openSharedServer();
    try {
      await work(server.target, signals.check);
    } finally {
      await server.leave();
    }
  } finally {
    signals.release();
  }
}

async function work({ url, embedded }: Target, check: () => void): Promise<void> {
  check();
  tell(`Using ${embedded ? 'the embedded PostgreSQL' : 'the server of DATABASE_URL'}.`);
  tell('Applying the migrations.');
  await (process.stderr.isTTY ? runMigrate({ url }) : migrate({ url }));
  check();
  tell('Seeding the demo data.');
  await withDb(url, async (db) => {
    await seedDemoData(db);
    check();
    print(await reportStudent(db));
  });
}
