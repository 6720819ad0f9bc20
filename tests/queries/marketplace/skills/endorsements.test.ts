import { describe, expect, it } from 'vitest';
import { endorseSkill, setUserSkills } from '../../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

const database = useTestDatabase();

const PERSON = '00000001-0000-7000-8000-000000000001';
const RECRUITER = '00000001-0000-7000-8000-000000000002';
const OTHER = '00000001-0000-7000-8000-000000000003';
const VERIFIED = '00000001-0000-7000-8000-000000000004';

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

const plain = (text: string) => database.db.execute(text);

describe('user_skills.endorsements', () => {
  const counted = {
    sqlState: '23514',
    constraint: 'user_skills_endorsements_counted_check',
  };

  it('is what the endorsements come to, whatever plain SQL says', async () => {
    await run(`insert into identity.users (id, email, name) values
      ('${PERSON}', 'p@example.com', 'P'), ('${RECRUITER}', 'r@example.com', 'R'), ('${OTHER}', 'o@example.com', 'O')`);
    await run(`insert into marketplace.skills (id, name, category) values (1, 'SQL', 't')`);
    const skills = [{ skillId: 1, level: 'EXPERT' as const }];
    await setUserSkills(database.db, { userId: PERSON, skills });
    await expect(
      plain(`insert into marketplace.user_skills (user_id, skill_id, level, endorsements)
        values ('${OTHER}', 1, 'EXPERT', 1)`),
    ).rejects.toMatchObject(counted);
    const endorsed = { userId: PERSON, skillId: 1 };
    await endorseSkill(database.db, { ...endorsed, endorserId: RECRUITER });
    await endorseSkill(database.db, { ...endorsed, endorserId: OTHER });
    for (const forged of [0, 99]) {
      await expect(
        plain(`update marketplace.user_skills set endorsements = ${forged}`),
      ).rejects.toMatchObject(counted);
    }
    const count = () => run('select endorsements from marketplace.user_skills');
    expect(await count()).toEqual([{ endorsements: 2 }]);
    await plain(`delete from identity.users where id = '${OTHER}'`);
    expect(await count()).toEqual([{ endorsements: 1 }]);
    await endorseSkill(database.db, { ...endorsed, endorserId: RECRUITER });
    await run('truncate marketplace.skill_endorsements');
    expect(await count()).toEqual([{ endorsements: 0 }]);
    await endorseSkill(database.db, { ...endorsed, endorserId: RECRUITER });
    expect(await count()).toEqual([{ endorsements: 1 }]);
  });
});

describe('user_skills.verified_at', () => {
  it('goes when plain SQL changes the level or the skill, and only of that one', async () => {
    await run(
      `insert into identity.users (id, email, name) values ('${VERIFIED}', 'v@example.com', 'V')`,
    );
    await run(
      `insert into marketplace.skills (id, name, category) values (2, 'Go', 't'), (3, 'C', 't'), (4, 'D', 't')`,
    );
    await run(`insert into marketplace.user_skills (user_id, skill_id, level, verified_at, verified_by)
      select '${VERIFIED}', skill_id, 'BEGINNER', '2026-01-05', '${PERSON}' from unnest('{2,3}'::int[]) skill_id`);
    const change = (set: string) =>
      run(
        `update marketplace.user_skills set ${set} where user_id = '${VERIFIED}' and skill_id = 2`,
      );
    const verified = () =>
      run(`select skill_id as skill, verified_at is not null as at, verified_by is not null as by
        from marketplace.user_skills where user_id = '${VERIFIED}' order by skill_id`);
    const decoy = { skill: 3, at: true, by: true };
    await change(`level = level, updated_at = now()`);
    expect(await verified()).toEqual([{ skill: 2, at: true, by: true }, decoy]);
    await change(`level = 'EXPERT'`);
    expect(await verified()).toEqual([{ skill: 2, at: false, by: false }, decoy]);
    await change(`level = 'ADVANCED', verified_at = now()`);
    expect(await verified()).toEqual([{ skill: 2, at: true, by: false }, decoy]);
    await change('skill_id = 4');
    expect(await verified()).toEqual([decoy, { skill: 4, at: false, by: false }]);
  });
});
