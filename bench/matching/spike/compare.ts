import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
// compare.ts url people-of-each-size: both engines in turns, on one connection, the same people; answers must be equal.
const [url, people = '60'] = process.argv.slice(2) as [string, string?];
const here = new URL('./sql/', import.meta.url);
const client = new pg.Client({ connectionString: url });
await client.connect();
for (const file of readdirSync(here)) if (!['tables.sql'].includes(file) && !file.startsWith('x_')) await client.query(readFileSync(new URL(file, here), 'utf8'));
const { rows: [{ n: users }] } = await client.query('select count(*)::int n from identity.users');
const userId = (n: number) => `00000001-0000-7000-8000-${(n + 1_000).toString(16).padStart(12, '0')}`;
const call = (schema: string, filter = 'false, null, null, null, null') => `select job_id, score from ${schema}.match_jobs($1, 20, '2027-01-01', ${filter}, null, null, null)`;
const at = (times: number[], q: number) => times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(q * times.length))]!;
const count = Number(people);
for (const [name, filter] of Object.entries({ all: 'false, null, null, null, null', remote: 'false, true, null, null, null' })) {
  for (const [kind, size] of [5, 15, 30, 60].entries()) {
    const times: Record<string, number[]> = { marketplace: [], spike: [] };
    const pages: Record<string, number[]> = { marketplace: [], spike: [] };
    let wrong = 0; const last: number[] = [];
    for (let n = 0; n < count; n += 1) {
      const who = userId(4 * ((n * 7919 + 1) % Math.floor(users / 4)) + kind);
      const answers: string[] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        for (const schema of n % 2 ? ['marketplace', 'spike'] : ['spike', 'marketplace']) {
          const started = performance.now();
          const { rows } = await client.query({ name: `${schema}_${name}`, text: call(schema, filter), values: [who] });
          // The first turn reads from disk.
          if (turn > 0) times[schema]!.push(performance.now() - started);
          if (turn === 0) answers.push(JSON.stringify(rows));
          if (turn === 0 && schema === 'spike') last.push(rows[19]?.score ?? 0);
        }
      }
      if (answers[0] !== answers[1]) { wrong += 1; if (wrong === 1) console.log(who, answers[0]!.slice(0, 300), answers[1]!.slice(0, 300)); }
      if (n < 10) for (const schema of ['marketplace', 'spike']) {
        const { rows } = await client.query(`explain (analyze, buffers, timing off, format json) ${call(schema, filter)}`.replace('$1', `'${who}'`));
        const plan = rows[0]['QUERY PLAN'][0].Plan;
        pages[schema]!.push(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']);
      }
    }
    const cell = (s: string) => `${s === 'spike' ? 'blocks' : 'today '} ${at(times[s]!, 0.5).toFixed(1)} / ${at(times[s]!, 0.95).toFixed(1)} ms, pages ${at(pages[s]!, 0.5)} / ${Math.max(...pages[s]!)}`;
    console.log(name, size, 'skills |', cell('marketplace'), '|', cell('spike'), '| ratio', (at(times.spike!, 0.5) / at(times.marketplace!, 0.5)).toFixed(2), '/', (at(times.spike!, 0.95) / at(times.marketplace!, 0.95)).toFixed(2), '| wrong', wrong, '| 20th score', at(last, 0.1), at(last, 0.5), at(last, 0.9));
  }
}
await client.end();
