import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createJob,
  matchJobs,
  refreshSkillRanks,
  setUserSkills,
  type WantedSkill,
} from '../../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

const database = useTestDatabase();

const [SQL, DOCKER, KAFKA, GO] = [1, 2, 3, 4];
const ANN = '00000001-0000-7000-8000-000000000001';

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

const rows = async (text: string) => (await run(text)).map((row) => Object.values(row).join(' '));
const page = (room: string) =>
  readFile(`src/queries/marketplace/matching/${room}/README.md`, 'utf8');

/** Of each row of a page's tables the cells, without the name of the job. */
async function cells(room: string): Promise<string[]> {
  const lines = (await page(room)).split('\n').filter((line) => line.startsWith('|'));
  return lines.map((line) =>
    line
      .split('|')
      .map((cell) => cell.replaceAll('`', '').trim())
      .filter((cell) => cell !== '')
      .join(' '),
  );
}

async function post(title: string, day: number, skills: WantedSkill[]): Promise<void> {
  const postedAt = new Date(Date.UTC(2026, 0, day));
  const details = { title, description: '', company: 'C', remote: true };
  await createJob(database.db, { ...details, postedAt, skills });
}

beforeAll(async () => {
  await run(`insert into marketplace.skills (id, name, category) values
    (${SQL}, 'SQL', 't'), (${DOCKER}, 'Docker', 't'),
    (${KAFKA}, 'Kafka', 't'), (${GO}, 'Go', 't')`);
  await run(
    `insert into identity.users (id, email, name) values ('${ANN}', 'a@example.com', 'Ann')`,
  );
  await post('Data engineer', 2, [
    { skillId: SQL, level: 'ADVANCED' },
    { skillId: KAFKA, level: 'INTERMEDIATE' },
    { skillId: DOCKER, level: 'INTERMEDIATE', required: false },
  ]);
  await post('Analyst', 3, [{ skillId: SQL, level: 'EXPERT' }]);
  await post('Platform engineer', 4, [
    { skillId: SQL, level: 'BEGINNER', required: false },
    { skillId: DOCKER, level: 'ADVANCED' },
  ]);
  await post('Backend engineer', 5, [
    { skillId: SQL, level: 'INTERMEDIATE' },
    { skillId: DOCKER, level: 'BEGINNER' },
    { skillId: GO, level: 'EXPERT' },
  ]);
  await setUserSkills(database.db, {
    userId: ANN,
    skills: [
      { skillId: SQL, level: 'EXPERT' },
      { skillId: KAFKA, level: 'BEGINNER' },
    ],
  });
  await refreshSkillRanks(database.db);
});

async function expectScores(): Promise<void> {
  const { items } = await matchJobs(database.db, { userId: ANN });
  expect(Object.fromEntries(items.map(({ title, score }) => [title, score]))).toEqual({
    Analyst: 10_000,
    'Data engineer': 6_000,
    'Backend engineer': 3_333,
    'Platform engineer': 3_333,
  });
}

describe('what the pages of the two engines say is stored of one job', () => {
  it('is what its postings have', async () => {
    const vector = await rows(`select '{' || array_to_string(needs, ', ') || '}' as needs,
        '{' || array_to_string(codes, ', ') || '}' as codes, total_weight, bit_count(skill_bits),
        posted_at::date
      from marketplace.job_vectors v where cardinality(needs) = 3 and total_weight = 5`);
    const postings =
      await rows(`select s.name, p.skill_id, p.size_class, p.bound, p.posted_minute, p.total_weight,
        case when p.near_gap then 'yes' else 'no' end
      from marketplace.skill_postings p join marketplace.skills s on s.id = p.skill_id
      where total_weight = 5`);
    expect(vector).toHaveLength(1);
    expect(postings).toHaveLength(3);
    expect(await cells('postings')).toEqual(expect.arrayContaining([...vector, ...postings]));
    await expectScores();
  });

  it('is what its block has', async () => {
    await run('select marketplace.pack_block(array(select id from marketplace.jobs))');
    const places = `substring(lpad(shares::text, 2048, '0') for 16)`;
    const digits = (text: string) => `regexp_replace(${text}, '(....)(?=.)', '\\1 ', 'g')`;
    const slots = await rows(`select slot, j.title
      from marketplace.packed_jobs p join marketplace.jobs j on j.id = p.job_id`);
    const shares = await rows(`select s.name, p.level, ${digits(places)}
      from marketplace.packed_shares p join marketplace.skills s on s.id = p.skill_id
      where p.skill_id = ${KAFKA} or p.level = 'EXPERT'`);
    const [sum] = await rows(`select ${digits(places.replace('shares', 'sum(shares)'))}
      from marketplace.packed_shares s join marketplace.user_skills us using (skill_id, level)
      where us.user_id = '${ANN}'`);
    expect(slots).toHaveLength(4);
    expect(shares).toHaveLength(7);
    expect(await cells('blocks')).toEqual(
      expect.arrayContaining([...slots, ...shares, `sum for Ann ${sum}`]),
    );
    const left = await rows(
      `select skill_id, size_class from marketplace.skill_postings
      where total_weight = 5 order by 1`,
    );
    expect(left).toEqual([`${SQL} 6`, `${KAFKA} 6`]);
    await expectScores();
  });
});
