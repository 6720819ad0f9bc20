import { describe, expect, test } from 'vitest';
import {
  demoCourses,
  demoJobs,
  demoLearningPath,
  demoPersonalities,
  demoSkills,
  demoUsers,
  seedDemo,
} from '../../seeds/demo/index.ts';
import { insertMissing } from '../../seeds/demo/insert-missing.ts';
import { dropEnrollment } from '../../src/queries/education/enrollments/drop-enrollment.ts';
import { getProgress } from '../../src/queries/education/progress/get-progress.ts';
import { listWallets } from '../../src/queries/finance/wallets/list-wallets.ts';
import { users } from '../../src/schema/identity/users.ts';
import { dumpRows } from '../setup/dump-rows.ts';
import { rejection } from '../setup/errors.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const { student, educator, admin } = demoUsers;

describe('seedDemo on an empty database', () => {
  const database = useTestDatabase();

  test('changes nothing when it runs again, and when two run at once', async () => {
    await seedDemo(database.db);
    const first = await dumpRows(database.db);
    expect(first.get('identity.users')).toHaveLength(3);

    await seedDemo(database.db);
    expect(await dumpRows(database.db)).toEqual(first);

    await Promise.all([seedDemo(database.db), seedDemo(database.db)]);
    expect(await dumpRows(database.db)).toEqual(first);
  });

  test('fills every model that the demo promises', async () => {
    const counts = new Map(
      [...(await dumpRows(database.db))].map(([table, rows]) => [table, rows.length]),
    );
    expect(Object.fromEntries(counts)).toMatchObject({
      'identity.users': 3,
      'identity.user_profiles': 3,
      'ai.ai_personalities': 3,
      'ai.ai_personality_relationships': 6,
      'ai.chat_sessions': 1,
      'ai.chat_messages': 3,
      'marketplace.skills': 5,
      'marketplace.jobs': 2,
      'marketplace.job_skills': 6,
      'marketplace.user_skills': 3,
      'marketplace.job_applications': 1,
      'education.courses': 2,
      'education.course_modules': 7,
      'education.enrollments': 2,
      'education.assessments': 1,
      'education.learning_paths': 1,
      'education.learning_path_courses': 2,
      'education.learning_path_skills': 3,
      'finance.transactions': 4,
      'finance.entries': 8,
      'finance.mining_activities': 2,
      'platform.notifications': 3,
    });
    expect(counts.get('platform.events')).toBeGreaterThanOrEqual(2);
  });

  test('gives wallets whose balances are the sums of their entries', async () => {
    const { rows } = await database.db.execute(`
      select w.user_id, w.currency, w.posted, coalesce(sum(e.amount), 0)::bigint as total
      from finance.wallets w
      left join finance.entries e on e.user_id = w.user_id and e.currency = w.currency
      where w.version > 0
      group by w.user_id, w.currency
    `);
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const row of rows) expect(row.posted).toBe(row.total);

    const { items } = await listWallets(database.db, { userId: student });
    expect(items.map(({ currency, available }) => [currency, available])).toEqual([
      ['AZR', 2_500_000_000n],
      ['ZAR', 85_000n],
    ]);
  });

  test('leaves the student half-way through a course', async () => {
    const progress = await getProgress(database.db, { userId: student, courseId: demoCourses.web });
    expect(progress).toMatchObject({ status: 'ACTIVE', doneWeight: 4, basisPoints: 4000 });
    expect(progress.resume).toMatchObject({ title: 'Components and state', position: 'lesson 3' });
  });

  test('has one user of each role at azora.world, none of whom can sign in', async () => {
    const { rows } = await database.db.execute(
      'select id, role, email, password_hash from identity.users order by email',
    );
    expect(rows).toEqual([
      { id: admin, role: 'ADMIN', email: 'admin@azora.world', password_hash: null },
      { id: educator, role: 'EDUCATOR', email: 'educator@azora.world', password_hash: null },
      { id: student, role: 'STUDENT', email: 'student@azora.world', password_hash: null },
    ]);
  });
});

describe('seedDemo on a database with other data', () => {
  const database = useTestDatabase();

  test('adds its rows, touches no other, and uses a skill that has the name already', async () => {
    const { db } = database;
    await db.execute(`
      insert into marketplace.skills (name, category) values ('javascript', 'Theirs');
      insert into identity.users (email, name) values ('someone@example.org', 'Someone');
      insert into marketplace.jobs (title, description, company, remote) values ('Job', 'Work', 'Firm', true);
    `);
    const before = await dumpRows(db);

    await seedDemo(db);

    const after = await dumpRows(db);
    for (const table of ['marketplace.skills', 'identity.users', 'marketplace.jobs']) {
      for (const row of before.get(table) ?? []) expect(after.get(table)).toContain(row);
    }
    expect(after.get('marketplace.skills')).toHaveLength(5);
    const { rows } = await db.execute(`
      select skills.name, skills.category
      from marketplace.job_skills
      join marketplace.skills on skills.id = job_skills.skill_id
      where job_skills.job_id = '${demoJobs.frontend}' and skills.name ilike 'javascript'
    `);
    expect(rows).toEqual([{ name: 'javascript', category: 'Theirs' }]);
  });
});

describe('seedDemo on a database that holds what the demo would add', () => {
  const database = useTestDatabase();

  test('refuses before it writes anything when an email is taken, and names the row', async () => {
    const { db } = database;
    const { rows } = await db.execute<{ id: string }>(`
      insert into identity.users (email, name) values ('Admin@Azora.World', 'Somebody') returning id
    `);
    const before = await dumpRows(db);
    const error = await rejection(seedDemo(db));
    expect(error).toMatchObject({ name: 'DemoSeedError', code: 'DEMO_EMAIL_TAKEN' });
    expect(error.message).toContain(`the user ${rows[0]?.id} in identity.users`);
    expect(await dumpRows(db)).toEqual(before);
    await db.execute('delete from identity.users');
  });

  test('uses a personality of the same name, and another id for a skill whose own is taken', async () => {
    const { db } = database;
    await db.execute(`
      insert into ai.ai_personalities (name, role, personality, mood)
      values ('themba', 'Theirs', 'Theirs', 'calm');
      insert into marketplace.skills (id, name, category) values (${demoSkills.sql}, 'Weaving', 'Craft');
    `);
    const before = await dumpRows(db);
    await seedDemo(db);
    await seedDemo(db);
    const after = await dumpRows(db);
    for (const table of ['marketplace.skills', 'ai.ai_personalities']) {
      for (const row of before.get(table) ?? []) expect(after.get(table)).toContain(row);
    }
    const { rows: personalities } = await db.execute(`
      select ai_personalities.role, count(*)::int as sessions
      from ai.chat_sessions
      join ai.ai_personalities on ai_personalities.id = chat_sessions.personality_id
      group by ai_personalities.role
    `);
    expect(personalities).toEqual([{ role: 'Theirs', sessions: 1 }]);
    expect(after.get('ai.ai_personalities')).toHaveLength(3);
    const { rows: named } = await db.execute(
      'select id, name from marketplace.skills where id <= 1000 order by id',
    );
    expect(named).toEqual([
      { id: 1, name: 'JavaScript' },
      { id: 2, name: 'Python' },
      { id: 3, name: 'React' },
      { id: 4, name: 'Node.js' },
      { id: 5, name: 'Weaving' },
    ]);
    const { rows: wanted } = await db.execute(`
      select skills.name
      from marketplace.job_skills
      join marketplace.skills on skills.id = job_skills.skill_id
      where job_skills.job_id = '${demoJobs.data}' and skills.id > 1000
    `);
    expect(wanted).toEqual([{ name: 'SQL' }]);
  });

  test('leaves an enrollment dropped that was dropped since', async () => {
    const { db } = database;
    await seedDemo(db);
    await dropEnrollment(db, { userId: student, courseId: demoCourses.web });
    const before = await dumpRows(db);
    await seedDemo(db);
    expect(await dumpRows(db)).toEqual(before);
  });
});

describe('insertMissing', () => {
  const database = useTestDatabase();

  test('leaves out a row whose key is there, and no other that collides', async () => {
    const { db } = database;
    const user = { id: student, email: 'a@example.org', name: 'A' };
    await insertMissing(db, users, [user]);
    await insertMissing(db, users, [{ ...user, email: 'b@example.org' }]);
    const other = insertMissing(db, users, [{ ...user, id: admin }]);
    expect(await rejection(other)).toMatchObject({ constraint: 'users_email_key' });
    expect(await db.select({ id: users.id, email: users.email }).from(users)).toEqual([
      { id: student, email: 'a@example.org' },
    ]);
  });
});

test('the ids of the demo are fixed', () => {
  expect({ demoUsers, demoSkills, demoPersonalities, demoLearningPath }).toMatchInlineSnapshot(`
    {
      "demoLearningPath": "01900000-0000-7000-8000-c30000000001",
      "demoPersonalities": {
        "elara": "01900000-0000-7000-8000-b00000000001",
        "sankofa": "01900000-0000-7000-8000-b00000000002",
        "themba": "01900000-0000-7000-8000-b00000000003",
      },
      "demoSkills": {
        "javascript": 1,
        "nodejs": 4,
        "python": 2,
        "react": 3,
        "sql": 5,
      },
      "demoUsers": {
        "admin": "01900000-0000-7000-8000-a00000000003",
        "educator": "01900000-0000-7000-8000-a00000000002",
        "student": "01900000-0000-7000-8000-a00000000001",
      },
    }
  `);
});
