import pg from 'pg';
import { groupAlike, orderAlike } from '../../../src/queries/marketplace/matching/blocks/group-alike.ts';
import { readFileSync } from 'node:fs';
// pack.ts url [newest]: all jobs into blocks by k-means, whether they are alike or not.
const [url, order] = process.argv.slice(2) as [string, string | undefined];
const here = new URL('./sql/', import.meta.url);
const pool = new pg.Pool({ connectionString: url, max: 3 });
const t0 = performance.now();
const say = (what: string) => console.log(Math.round((performance.now() - t0) / 1000), 's', what);
for (const name of ['tables', 'read_block', 'compute_packed_shares']) await pool.query(readFileSync(new URL(`${name}.sql`, here), 'utf8'));
const { rows: [{ n }] } = await pool.query('select count(*)::int n from marketplace.job_vectors where cardinality(needs) between 1 and 99');
const ids: string[] = [], weights: number[] = [], minutes: number[] = [], starts = [0];
const skills: number[] = [];
for (let last = '00000000-0000-0000-0000-000000000000'; ; ) {
  const { rows } = await pool.query(`select job_id id, total_weight w, marketplace.minute_of(posted_at) m, needs::text from marketplace.job_vectors
    where cardinality(needs) between 1 and 99 and job_id > $1 order by job_id limit 20000`, [last]);
  for (const { id, w, m, needs } of rows) {
    ids.push(id); weights.push(w); minutes.push(m);
    for (const code of needs.slice(1, -1).split(',')) skills.push(Number(code) >> 3);
    starts.push(skills.length);
  }
  if (rows.length < 20000) break;
  last = ids.at(-1)!;
}
say(`read ${ids.length} of ${n}`);
const sets = { starts: Uint32Array.from(starts), skills: Uint32Array.from(skills) };
const topicOf = await groupAlike(sets, Math.ceil(ids.length / 500));
const topics = new Map<number, number[]>();
for (const [job, topic] of topicOf.entries()) { const m = topics.get(topic); if (m) m.push(job); else topics.set(topic, [job]); }
const ordered = await orderAlike(sets, [...topics.values()]);
const key = order === 'newest' ? minutes : weights;
const slots: number[] = [], jobs: string[] = [], when: number[] = [];
let block = 0;
// Small leftovers of topics are joined, so that blocks are full.
let room: number[] = [];
const flush = (members: number[]) => {
  members.forEach((job, place) => { slots.push(block * 512 + place); jobs.push(ids[job]!); when.push(minutes[job]!); });
  block += 1;
};
for (const topic of ordered) {
  const members = topic.toSorted((a, b) => key[a]! - key[b]!);
  if (members.length < 256) { room.push(...members); if (room.length >= 512) { flush(room.slice(0, 512)); room = room.slice(512); } continue; }
  const count = Math.ceil(members.length / 512);
  for (let k = 0; k < count; k += 1) flush(members.slice((k * members.length) / count, ((k + 1) * members.length) / count));
}
if (room.length > 0) flush(room);
say(`${ordered.length} topics, ${block} blocks`);
for (let from = 0; from < slots.length; from += 50000) {
  await pool.query('insert into spike.packed_jobs select * from unnest($1::bigint[], $2::uuid[], $3::integer[])', [slots.slice(from, from + 50000), jobs.slice(from, from + 50000), when.slice(from, from + 50000)]);
}
await pool.query('vacuum analyze spike.packed_jobs');
await pool.query('alter table spike.packed_shares drop constraint packed_shares_pkey');
let next = 0;
await Promise.all([0, 1].map(async () => {
  const client = await pool.connect();
  await client.query('set jit = off; set synchronous_commit = off; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off');
  while (next < block) {
    const b = next++;
    await client.query('insert into spike.packed_shares select * from spike.compute_packed_shares($1)', [b]);
    if (b % 200 === 0) say(`block ${b}`);
  }
  client.release();
}));
say('shares');
await pool.query('alter table spike.packed_shares add constraint packed_shares_pkey primary key (skill_id, level, block_id, shares)');
say('index');
await pool.query(`set jit = off; set work_mem = '1GB'; insert into spike.packed_bounds
  select skill_id, level, block_id / 256,
    (string_agg(repeat('00000000', gap) || lpad(most::text, 8, '0'), '' order by block_id) || repeat('00000000', 255 - max(block_id) % 256))::numeric
  from (
    select skill_id, level, block_id, most,
      block_id % 256 - 1 - coalesce(lag(block_id % 256) over (partition by skill_id, level, block_id / 256 order by block_id), -1) as gap
    from (
      select n.code >> 3 as skill_id, l.level, (p.slot / 512)::integer as block_id, max(marketplace.packed_share(l.level, n.code, v.total_weight)) as most
      from spike.packed_jobs p
      join marketplace.job_vectors v on v.job_id = p.job_id
      cross join unnest(v.needs) n (code)
      cross join unnest(enum_range(null::marketplace.skill_level)) l (level)
      group by 1, 2, 3
    ) m
  ) g
  group by skill_id, level, block_id / 256`);
say('bounds');
await pool.query('vacuum analyze spike.packed_shares');
await pool.query('vacuum analyze spike.packed_bounds');
const { rows } = await pool.query(`select count(*) as share_rows, pg_size_pretty(pg_total_relation_size('spike.packed_shares')) shares, pg_size_pretty(pg_relation_size('spike.packed_shares_pkey')) shares_key,
  pg_size_pretty(pg_total_relation_size('spike.packed_bounds')) bounds from spike.packed_shares`);
say(JSON.stringify(rows[0]));
await pool.end();
