import { readFileSync } from 'node:fs';
import { connect } from '../../../src/db/connect.ts';
import { createJob, setJobSkills } from '../../../src/queries/marketplace/index.ts';
// writes.ts url rounds: createJob and setJobSkills in turns of 30, in transactions that are rolled back; of the simpler engine
// index_jobs is put in place for the transaction.
const [url, rounds = '6'] = process.argv.slice(2) as [string, string?];
const here = new URL('./sql/', import.meta.url);
const db = await connect({ url, max: 2, statementTimeoutMs: 0 });
const client = db.$client;
const { rows } = await client.query('select skill_id as id from marketplace.skill_ranks order by hashint4(skill_id) limit 2000');
const { rows: jobs } = await client.query('select job_id as id from spike.packed_jobs where slot % 1009 = 7 limit 400');
const skills = (call: number) => Array.from({ length: 10 }, (_, n) => ({ skillId: rows[(call * 10 + n) % rows.length]?.id ?? 1, level: 'ADVANCED' as const }));
const times: Record<string, number[]> = {};
const wal: Record<string, number[]> = {};
const at = (list: number[], q: number) => list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))]!;
class Undo extends Error {}
let calls = 0;
for (let round = 0; round < Number(rounds); round += 1) {
  for (const engine of round % 2 ? ['today', 'blocks'] : ['blocks', 'today']) {
    await db.transaction(async (tx) => {
      if (engine === 'blocks') await tx.execute(readFileSync(new URL('x_index_jobs.sql', here), 'utf8'));
      const where = async () => Number(((await tx.execute(`select pg_current_wal_insert_lsn() - '0/0' as at`)).rows[0] as { at: string }).at);
      for (const kind of ['createJob', 'setJobSkills']) {
        for (let n = 0; n < 35; n += 1) {
          calls += 1;
          const from = await where();
          const before = performance.now();
          if (kind === 'createJob') await createJob(tx, { title: 'New', description: '', company: 'Company', remote: true, skills: skills(calls) });
          else await setJobSkills(tx, { jobId: jobs[calls % jobs.length]!.id, skills: skills(calls) });
          if (n < 5) continue;
          (times[`${kind} ${engine}`] ??= []).push(performance.now() - before);
          (wal[`${kind} ${engine}`] ??= []).push((await where()) - from);
        }
      }
      throw new Undo();
    }).catch((error) => { if (!(error instanceof Undo)) throw error; });
  }
}
for (const [name, list] of Object.entries(times)) console.log(name, at(list, 0.5).toFixed(1), '/', at(list, 0.95).toFixed(1), 'ms, WAL', Math.round(at(wal[name]!, 0.5)), 'bytes');
await db.close();
