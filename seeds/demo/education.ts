import { eq } from 'drizzle-orm';
import type { Db } from '../../src/db/session.ts';
import { createCourse } from '../../src/queries/education/courses/create-course.ts';
import { publishCourse } from '../../src/queries/education/courses/publish-course.ts';
import { enroll } from '../../src/queries/education/enrollments/enroll.ts';
import { recordProgress } from '../../src/queries/education/progress/record-progress.ts';
import { assessments } from '../../src/schema/education/assessments.ts';
import { courses } from '../../src/schema/education/courses.ts';
import { enrollments } from '../../src/schema/education/enrollments.ts';
import { learningPathCourses } from '../../src/schema/education/learning-path-courses.ts';
import { learningPathSkills } from '../../src/schema/education/learning-path-skills.ts';
import { learningPaths } from '../../src/schema/education/learning-paths.ts';
import {
  demoAssessment,
  demoCourses,
  demoLearningPath,
  demoModules,
  demoProgressEvents,
  demoUsers,
} from './ids.ts';
import { insertMissing } from './insert-missing.ts';
import type { DemoSkillIds } from './marketplace.ts';

const [web1, web2, web3, web4] = demoModules.web;
const [databases1, databases2, databases3] = demoModules.databases;

const courseDrafts = [
  {
    id: demoCourses.web,
    title: 'Web development from zero',
    description: 'From the first page to an application that people use.',
    durationMinutes: 1_200,
    price: 45_000n,
    modules: [
      { id: web1, title: 'Pages and styles', content: 'HTML and CSS.', weight: 1 },
      { id: web2, title: 'JavaScript', content: 'The language of the browser.', weight: 3 },
      { id: web3, title: 'Components and state', content: 'React.', weight: 3 },
      { id: web4, title: 'Your own application', content: 'A project.', weight: 3 },
    ],
  },
  {
    id: demoCourses.databases,
    title: 'Databases with SQL',
    description: 'Tables, queries, and why some of them are slow.',
    durationMinutes: 600,
    price: 30_000n,
    modules: [
      { id: databases1, title: 'Tables and keys', content: 'Modelling.', weight: 1 },
      { id: databases2, title: 'Queries', content: 'Select, join, group.', weight: 1 },
      { id: databases3, title: 'Indexes and plans', content: 'Explain.', weight: 1 },
    ],
  },
] as const;

async function seedCourses(db: Db): Promise<void> {
  for (const draft of courseDrafts) {
    const [existing] = await db
      .select({ id: courses.id })
      .from(courses)
      .where(eq(courses.id, draft.id));
    if (existing !== undefined) continue;
    await createCourse(db, {
      ...draft,
      instructorId: demoUsers.educator,
      currency: 'ZAR',
      modules: [...draft.modules],
    });
    await publishCourse(db, {
      courseId: draft.id,
      publishedAt: new Date('2026-01-06T08:00:00Z'),
    });
  }
}

async function seedLearningPath(db: Db, skillIds: DemoSkillIds): Promise<void> {
  const createdAt = new Date('2026-01-06T09:00:00Z');
  await insertMissing(db, learningPaths, [
    {
      id: demoLearningPath,
      title: 'Full-stack developer',
      description: 'Build the front, the back and what lies between.',
      difficulty: 'BEGINNER',
      durationHours: 30,
      createdAt,
      updatedAt: createdAt,
    },
  ]);
  await insertMissing(db, learningPathCourses, [
    { learningPathId: demoLearningPath, courseId: demoCourses.web, position: 0 },
    { learningPathId: demoLearningPath, courseId: demoCourses.databases, position: 1 },
  ]);
  await insertMissing(
    db,
    learningPathSkills,
    [skillIds.javascript, skillIds.react, skillIds.sql].map((skillId) => ({
      learningPathId: demoLearningPath,
      skillId,
    })),
  );
}

/** The student is in both courses: half-way through one, at the start of the other. */
async function seedEnrollments(db: Db): Promise<void> {
  const userId = demoUsers.student;
  const enrolledAt = new Date('2026-01-12T17:00:00Z');
  const [first, second, third, fourth] = demoProgressEvents;
  const inWeb = { userId, courseId: demoCourses.web };
  const inDatabases = { userId, courseId: demoCourses.databases };
  const there = await db
    .select({ courseId: enrollments.courseId })
    .from(enrollments)
    .where(eq(enrollments.userId, userId));
  for (const enrollment of [inWeb, inDatabases]) {
    // Enrolling again would bring back one that the student has dropped since.
    if (there.some(({ courseId }) => courseId === enrollment.courseId)) continue;
    await enroll(db, { ...enrollment, enrolledAt });
  }
  await recordProgress(db, {
    events: [
      {
        ...inWeb,
        eventId: first,
        moduleId: web1,
        kind: 'completed',
        occurredAt: new Date('2026-01-13T17:30:00Z'),
      },
      {
        ...inWeb,
        eventId: second,
        moduleId: web2,
        kind: 'completed',
        occurredAt: new Date('2026-01-19T18:45:00Z'),
      },
      {
        ...inWeb,
        eventId: third,
        moduleId: web3,
        kind: 'progressed',
        percent: 40,
        position: 'lesson 3',
        occurredAt: new Date('2026-01-20T18:10:00Z'),
      },
      {
        ...inDatabases,
        eventId: fourth,
        moduleId: databases1,
        kind: 'completed',
        occurredAt: new Date('2026-01-24T10:00:00Z'),
      },
    ],
  });
}

async function seedAssessment(db: Db): Promise<void> {
  await insertMissing(db, assessments, [
    {
      userId: demoUsers.student,
      id: demoAssessment,
      courseId: demoCourses.web,
      type: 'QUIZ',
      title: 'JavaScript: values and functions',
      questions: [{ question: 'What is a closure?' }, { question: 'What does await do?' }],
      answers: ['A function with what it saw.', 'It waits without blocking.'],
      score: 18,
      maxScore: 20,
      status: 'GRADED',
      createdAt: new Date('2026-01-19T18:50:00Z'),
      updatedAt: new Date('2026-01-20T07:00:00Z'),
      startedAt: new Date('2026-01-19T18:55:00Z'),
      submittedAt: new Date('2026-01-19T19:20:00Z'),
      completedAt: new Date('2026-01-20T07:00:00Z'),
    },
  ]);
}

export async function seedEducation(db: Db, skillIds: DemoSkillIds): Promise<void> {
  await seedCourses(db);
  await seedLearningPath(db, skillIds);
  await seedEnrollments(db);
  await seedAssessment(db);
}
