import { describe, expect, it } from 'vitest';
import { createJob } from '../../../../src/queries/marketplace/jobs/create-job.ts';
import { matchJobs } from '../../../../src/queries/marketplace/matching/match-jobs.ts';
import { scoreMatch } from '../../../../src/queries/marketplace/matching/score-match.ts';
import { setUserSkills } from '../../../../src/queries/marketplace/skills/set-user-skills.ts';
import { users } from '../../../../src/schema/identity/users.ts';
import { skills } from '../../../../src/schema/marketplace/skills.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

const database = useTestDatabase();

describe('matchJobs', () => {
  it('tells which skills match, lack, and are below the level', async () => {
    const { db } = database;
    const [user] = await db.insert(users).values({ email: 'a@example.com', name: 'A' }).returning();
    const [a, b, c] = await db
      .insert(skills)
      .values(['a', 'b', 'c'].map((name) => ({ name, category: 't' })))
      .returning();
    if (!user || !a || !b || !c) throw new Error('no row');
    await setUserSkills(db, {
      userId: user.id,
      skills: [
        { skillId: a.id, level: 'EXPERT' },
        { skillId: b.id, level: 'BEGINNER' },
      ],
    });
    const job = await createJob(db, {
      title: 't',
      description: '',
      company: 'c',
      remote: true,
      skills: [
        { skillId: a.id, level: 'ADVANCED' },
        { skillId: b.id, level: 'ADVANCED', required: false },
        { skillId: c.id, level: 'BEGINNER' },
      ],
    });
    const page = await matchJobs(db, { userId: user.id });
    expect(page.items).toHaveLength(1);
    expect(page.items[0]).toMatchObject({ jobId: job.id, score: 4666, qualified: false });
    expect(page.items[0]?.belowLevel.map((fit) => fit.name)).toEqual(['b']);
    expect(page.nextCursor).toBeNull();
    expect(await scoreMatch(db, { userId: user.id, jobId: job.id })).toMatchObject({ score: 4666 });
  });
});
