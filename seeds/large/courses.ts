import { courseModules, type NewCourseModule } from '../../src/schema/education/course-modules.ts';
import {
  courseRevisions,
  courses,
  type NewCourse,
  type NewCourseRevision,
} from '../../src/schema/education/courses.ts';
import {
  type NewRevisionModule,
  revisionModules,
} from '../../src/schema/education/revision-modules.ts';
import { copyRows } from './copy.ts';
import {
  BASE_TIME,
  DAY,
  drawEarlyEducator,
  FIRST_TIME,
  idOf,
  KIND,
  type Plan,
  randomOf,
  userId,
} from './plan.ts';
import { Random } from './random.ts';
import { skillName } from './skill-names.ts';
import { range, type Writer } from './writer.ts';

const MOST_MODULES = 6;
const LEVELS = ['BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'EXPERT'] as const;

/** What other tables need to know of a course; made again from its number whenever asked. */
export interface CourseFacts {
  id: string;
  status: 'DRAFT' | 'PUBLISHED' | 'ARCHIVED';
  createdAt: number;
  publishedAt: number;
  weights: number[];
}

export function factsOfCourse(plan: Plan, course: number): CourseFacts {
  const random = randomOf(plan, KIND.course, course);
  const createdAt = FIRST_TIME + random.int(75, 330) * DAY;
  const fate = random.next();
  return {
    id: idOf(plan, KIND.course, course, createdAt),
    // The most popular ones are never drafts, so that a power law over few courses keeps its head.
    status: course < 10 || fate < 0.92 ? 'PUBLISHED' : fate < 0.97 ? 'ARCHIVED' : 'DRAFT',
    createdAt,
    publishedAt: createdAt + random.int(1, 30) * DAY,
    weights: Array.from({ length: random.int(2, MOST_MODULES) }, () => random.int(1, 5)),
  };
}

export function moduleId(plan: Plan, course: number, position: number, facts: CourseFacts): string {
  return idOf(plan, KIND.module, course * MOST_MODULES + position, facts.createdAt);
}

/** The one revision that a course of the seed has, once it is published. */
export const REVISION = 1;

/**
 * Courses with their modules, and the revision of each that is published. A course and its revision
 * point to each other, so they are inserted by one statement, from staging tables.
 */
export async function writeCourses(writer: Writer, plan: Plan): Promise<void> {
  const { client } = writer;
  await client.query(
    `create temporary table staged_courses
       (like education.courses including defaults) on commit drop;
     create temporary table staged_revisions
       (like education.course_revisions including defaults) on commit drop`,
  );
  await writer.inBlocks(
    plan.courses.size,
    [courses, courseModules, courseRevisions, revisionModules],
    async (from, to) => {
      await copyRows(client, courses, makeCourses(plan, from, to), 'staged_courses');
      await copyRows(client, courseRevisions, makeRevisions(plan, from, to), 'staged_revisions');
      const { rows } = await client.query<{ courses: number; revisions: number }>(
        `with new_courses as (
         insert into education.courses
         select * from staged_courses
         returning id
       ),
       new_revisions as (
         insert into education.course_revisions
         select * from staged_revisions
         returning course_id
       )
       select
         (select count(*)::int from new_courses) as courses,
         (select count(*)::int from new_revisions) as revisions`,
      );
      writer.count(courses, rows[0]?.courses ?? 0);
      writer.count(courseRevisions, rows[0]?.revisions ?? 0);
      await writer.copy(courseModules, makeModules(plan, from, to));
      await writer.copy(revisionModules, makeRevisionModules(plan, from, to));
      await client.query('truncate staged_courses, staged_revisions');
      await writer.settle();
    },
  );
}

function* makeCourses(plan: Plan, from: number, to: number): Generator<NewCourse> {
  for (const course of range(from, to)) {
    const facts = factsOfCourse(plan, course);
    const random = new Random(plan.seed, KIND.course, course, 1);
    const level = random.pick(LEVELS);
    const subject = skillName(plan.skills.draw(random));
    const isFree = random.chance(0.3);
    const count = facts.weights.length;
    yield {
      id: facts.id,
      instructorId: userId(plan, drawEarlyEducator(plan, random)),
      title: `${subject}, ${level.toLowerCase()} course`,
      description: `${subject} in ${count} modules, with exercises and a final project.`,
      level,
      durationMinutes: 45 * count * random.int(1, 4),
      // In tens of rand.
      price: isFree ? 0n : BigInt(Math.ceil(random.logNormal(60, 0.7))) * 1_000n,
      currency: 'ZAR',
      status: facts.status,
      revision: facts.status === 'DRAFT' ? null : REVISION,
      createdAt: new Date(facts.createdAt),
      updatedAt: new Date(facts.publishedAt),
      publishedAt: facts.status === 'DRAFT' ? null : new Date(facts.publishedAt),
      archivedAt: facts.status === 'ARCHIVED' ? new Date(BASE_TIME - 30 * DAY) : null,
    };
  }
}

function* makeRevisions(plan: Plan, from: number, to: number): Generator<NewCourseRevision> {
  for (const course of range(from, to)) {
    const facts = factsOfCourse(plan, course);
    if (facts.status === 'DRAFT') continue;
    yield {
      courseId: facts.id,
      revision: REVISION,
      policy: 'KEEP',
      totalWeight: facts.weights.reduce((sum, weight) => sum + weight, 0),
      moduleCount: facts.weights.length,
      prerequisiteCount: 0,
      publishedAt: new Date(facts.publishedAt),
    };
  }
}

function* makeRevisionModules(plan: Plan, from: number, to: number): Generator<NewRevisionModule> {
  for (const course of range(from, to)) {
    const facts = factsOfCourse(plan, course);
    if (facts.status === 'DRAFT') continue;
    for (const [position, weight] of facts.weights.entries()) {
      yield {
        courseId: facts.id,
        revision: REVISION,
        moduleId: moduleId(plan, course, position, facts),
        position,
        ...textOfModule(position),
        weight,
        isOptional: false,
        prerequisitesNeeded: 0,
      };
    }
  }
}

function textOfModule(position: number) {
  return {
    title: `Module ${position + 1}`,
    content: `Read, watch and try out part ${position + 1}, then answer the questions at its end.`,
  };
}

function* makeModules(plan: Plan, from: number, to: number): Generator<NewCourseModule> {
  for (const course of range(from, to)) {
    const facts = factsOfCourse(plan, course);
    for (const [position, weight] of facts.weights.entries()) {
      yield {
        courseId: facts.id,
        id: moduleId(plan, course, position, facts),
        position,
        ...textOfModule(position),
        weight,
        createdAt: new Date(facts.createdAt),
        updatedAt: new Date(facts.createdAt),
      };
    }
  }
}
