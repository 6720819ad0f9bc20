import { describe, expect, it } from 'vitest';
import { endorseSkill, setUserSkills } from '../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../setup/test-database.ts';

const database = useTestDatabase();

const PERSON = '00000001-0000-7000-8000-000000000001';
const RECRUITER = '00000001-0000-7000-8000-000000000002';
const OTHER = '00000001-0000-7000-8000-000000000003';

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
  });
});
