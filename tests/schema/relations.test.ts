import { asc, eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { courseModules, courses, jobs, skills, users } from '../../src/schema/index.ts';
import {
  insertAssessment,
  insertChatMessage,
  insertChatSession,
  insertCourse,
  insertCourseModule,
  insertCourseRevision,
  insertEnrollment,
  insertJob,
  insertJobApplication,
  insertJobSkill,
  insertLearningPathCourse,
  insertLearningPathSkill,
  insertModuleProgress,
  insertNotification,
  insertSkill,
  insertUser,
  insertUserProfile,
  insertUserSkill,
  insertWallet,
} from '../../src/testing/factories/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

/** One user, course, job and skill with one row of everything around them. */
async function makeWorld() {
  const { db } = database;
  const { id: userId } = await insertUser(db, { name: 'Lindiwe' });
  const { id: courseId } = await insertCourse(db, { instructorId: userId });
  await insertCourseRevision(db, { courseId });
  const { id: moduleId } = await insertCourseModule(db, { courseId, position: 1, title: 'Joins' });
  const { id: jobId } = await insertJob(db);
  const { id: skillId } = await insertSkill(db);
  const { id: sessionId } = await insertChatSession(db, { userId });
  await insertUserProfile(db, { userId, bio: 'Learns' });
  await insertWallet(db, { userId, currency: 'AZR' });
  await insertEnrollment(db, { userId, courseId });
  await insertModuleProgress(db, { userId, courseId, moduleId });
  await insertAssessment(db, { userId, courseId });
  await insertLearningPathCourse(db, { courseId });
  await insertLearningPathSkill(db, { skillId });
  await insertJobApplication(db, { userId, jobId });
  await insertJobSkill(db, { jobId, skillId });
  await insertUserSkill(db, { userId, skillId });
  await insertChatMessage(db, { userId, sessionId });
  await insertNotification(db, { userId });
  return { userId, courseId, moduleId, jobId, skillId, sessionId };
}

describe('relations', () => {
  let world: Awaited<ReturnType<typeof makeWorld>>;
  beforeAll(async () => {
    world = await makeWorld();
    // Another world's rows must stay out of every answer.
    await makeWorld();
  });

  it('of a user lead to the profile and to all that is theirs', async () => {
    const { userId, courseId, moduleId, jobId, skillId, sessionId } = world;
    const user = await database.db.query.users.findFirst({
      where: eq(users.id, userId),
      with: {
        profile: true,
        wallets: { columns: { userId: true, currency: true } },
        enrollments: { with: { course: true, modules: true } },
        applications: { with: { job: true } },
        skills: { with: { skill: true } },
        assessments: { with: { course: true } },
        chatSessions: { with: { messages: true, personality: true } },
        notifications: true,
        courses: true,
      },
    });
    expect(user).toMatchObject({
      name: 'Lindiwe',
      profile: { userId, bio: 'Learns' },
      wallets: [{ userId, currency: 'AZR' }],
      enrollments: [{ courseId, course: { id: courseId }, modules: [{ moduleId }] }],
      applications: [{ jobId, job: { id: jobId } }],
      skills: [{ skillId, skill: { id: skillId } }],
      assessments: [{ userId, course: { id: courseId } }],
      chatSessions: [{ id: sessionId, messages: [{ sessionId }], personality: { mood: 'calm' } }],
      notifications: [{ userId }],
      courses: [{ id: courseId }],
    });
  });

  it('of a course lead to its modules, enrollments, instructor and learning paths', async () => {
    const { userId, courseId, moduleId } = world;
    const course = await database.db.query.courses.findFirst({
      where: eq(courses.id, courseId),
      with: {
        instructor: true,
        modules: { orderBy: asc(courseModules.position) },
        enrollments: { with: { user: { with: { profile: true } } } },
        learningPaths: { with: { learningPath: true } },
      },
    });
    expect(course).toMatchObject({
      instructor: { id: userId },
      modules: [{ position: 0 }, { id: moduleId, title: 'Joins' }],
      enrollments: [{ userId, user: { id: userId, profile: { bio: 'Learns' } } }],
      learningPaths: [{ courseId, learningPath: { title: 'Data engineer' } }],
    });
  });

  it('of a job lead to its applications and skills', async () => {
    const { userId, jobId, skillId } = world;
    const job = await database.db.query.jobs.findFirst({
      where: eq(jobs.id, jobId),
      with: { applications: { with: { user: true } }, skills: { with: { skill: true } } },
    });
    expect(job).toMatchObject({
      applications: [{ userId, user: { name: 'Lindiwe' } }],
      skills: [{ skillId, required: true, skill: { category: 'Testing' } }],
    });
  });

  it('of a skill lead to its users, jobs and learning paths', async () => {
    const { userId, jobId, skillId } = world;
    const skill = await database.db.query.skills.findFirst({
      where: eq(skills.id, skillId),
      with: {
        users: { with: { user: true } },
        jobs: { with: { job: true } },
        learningPaths: { with: { learningPath: true } },
      },
    });
    expect(skill).toMatchObject({
      users: [{ userId, user: { id: userId } }],
      jobs: [{ jobId, job: { id: jobId } }],
      learningPaths: [{ skillId, learningPath: { difficulty: 'INTERMEDIATE' } }],
    });
  });
});
