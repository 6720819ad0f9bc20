import { courseCompletions } from '../../src/schema/education/course-completions.ts';
import { courseStatistics } from '../../src/schema/education/course-statistics.ts';
import { enrollments, type NewEnrollment } from '../../src/schema/education/enrollments.ts';
import { learnerDays } from '../../src/schema/education/learner-days.ts';
import { moduleProgress } from '../../src/schema/education/module-progress.ts';
import { progressEvents } from '../../src/schema/education/progress-events.ts';
import { moduleId, REVISION } from './courses.ts';
import { type EnrollmentFacts, enrollmentsOf } from './enrollments.ts';
import { idOf, KIND, type Plan, userId } from './plan.ts';
import { range, type Writer } from './writer.ts';

/**
 * Enrollments, and the events that their progress follows from: one for each module done, and one
 * for the module that the learner is in.
 */
export async function writeLearning(writer: Writer, plan: Plan): Promise<void> {
  let events = 0;
  let completions = 0;
  await writer.inBlocks(
    plan.users,
    [enrollments, moduleProgress, progressEvents, courseCompletions, courseStatistics, learnerDays],
    async (from, to) => {
      await writer.copy(enrollments, makeEnrollments(plan, from, to));
      await writer.copy(moduleProgress, makeProgress(plan, events, from, to));
      events += await writer.copy(progressEvents, makeEvents(plan, events, from, to));
      completions += await writer.copy(
        courseCompletions,
        makeCompletions(plan, completions, from, to),
      );
      await writer.settle();
      await writeDays(writer, plan, from, to);
    },
  );
}

function* makeEnrollments(plan: Plan, from: number, to: number): Generator<NewEnrollment> {
  for (const user of range(from, to)) {
    for (const enrollment of enrollmentsOf(plan, user)) {
      const { facts, status, doneAt } = enrollment;
      const lastActivityAt = new Date(enrollment.lastActivityAt);
      yield {
        userId: userId(plan, user),
        courseId: facts.id,
        revision: REVISION,
        status,
        doneWeight: sum(facts.weights.slice(0, doneAt.length)),
        totalWeight: sum(facts.weights),
        enrolledAt: new Date(enrollment.enrolledAt),
        lastActivityAt,
        completedAt: status === 'COMPLETED' ? lastActivityAt : null,
        completedRevision: status === 'COMPLETED' ? REVISION : null,
        droppedAt: status === 'DROPPED' ? lastActivityAt : null,
        createdAt: new Date(enrollment.enrolledAt),
        updatedAt: lastActivityAt,
      };
    }
  }
}

interface Step {
  percent: number;
  position: string;
  at: Date;
  isDone: boolean;
}

/** What happened in the modules of a course, in their order. */
function stepsOf({ doneAt, nextPercent, lastActivityAt }: EnrollmentFacts): Step[] {
  const steps = doneAt.map((at) => ({
    percent: 100,
    position: 'end',
    at: new Date(at),
    isDone: true,
  }));
  if (nextPercent !== null) {
    const position = `page-${Math.ceil(nextPercent / 5)}`;
    steps.push({ percent: nextPercent, position, at: new Date(lastActivityAt), isDone: false });
  }
  return steps;
}

/** Each step of these users with its event's number, which makes the event's id. */
function* eachStep(plan: Plan, firstEvent: number, from: number, to: number) {
  let event = firstEvent;
  for (const user of range(from, to)) {
    const owner = userId(plan, user);
    for (const enrollment of enrollmentsOf(plan, user)) {
      const { course, facts } = enrollment;
      for (const [position, step] of stepsOf(enrollment).entries()) {
        const eventId = idOf(plan, KIND.progressEvent, event, step.at.getTime());
        event += 1;
        const key = {
          userId: owner,
          courseId: facts.id,
          moduleId: moduleId(plan, course, position, facts),
        };
        yield { key, eventId, step };
      }
    }
  }
}

function* makeProgress(plan: Plan, firstEvent: number, from: number, to: number) {
  for (const { key, eventId, step } of eachStep(plan, firstEvent, from, to)) {
    yield {
      ...key,
      percent: step.percent,
      position: step.position,
      positionAt: step.at,
      positionEventId: eventId,
      startedAt: step.at,
      lastActivityAt: step.at,
      completedAt: step.isDone ? step.at : null,
    };
  }
}

function* makeEvents(plan: Plan, firstEvent: number, from: number, to: number) {
  for (const { key, eventId, step } of eachStep(plan, firstEvent, from, to)) {
    yield {
      ...key,
      eventId,
      kind: step.isDone ? ('completed' as const) : ('progressed' as const),
      percent: step.percent,
      position: step.position,
      occurredAt: step.at,
      recordedAt: step.at,
    };
  }
}

/** Each also publishes its event, by a trigger. */
function* makeCompletions(plan: Plan, first: number, from: number, to: number) {
  let number = first;
  for (const user of range(from, to)) {
    for (const enrollment of enrollmentsOf(plan, user)) {
      if (enrollment.status !== 'COMPLETED') continue;
      yield {
        userId: userId(plan, user),
        courseId: enrollment.facts.id,
        revision: REVISION,
        eventId: idOf(plan, KIND.completion, number, enrollment.lastActivityAt),
        publishedAt: new Date(enrollment.lastActivityAt),
      };
      number += 1;
    }
  }
}

/**
 * The days follow from the events, in the learner's time zone, as record_progress counts them; none
 * to begin with.
 */
async function writeDays(writer: Writer, plan: Plan, from: number, to: number): Promise<void> {
  const { rowCount } = await writer.client.query(
    `insert into education.learner_days (user_id, days)
     select user_id,
       coalesce(range_agg(daterange(day, day, '[]')) filter (where day is not null), '{}')
     from (
       select distinct enrollments.user_id,
         (events.occurred_at at time zone coalesce(profiles.time_zone, 'UTC'))::date as day
       from education.enrollments
       left join identity.user_profiles as profiles on profiles.user_id = enrollments.user_id
       left join education.progress_events as events
         on events.user_id = enrollments.user_id and events.course_id = enrollments.course_id
       where enrollments.user_id = any($1::uuid[])
     ) as active_days
     group by user_id
     on conflict (user_id) do update set days = excluded.days`,
    [Array.from(range(from, to), (user) => userId(plan, user))],
  );
  writer.count(learnerDays, rowCount ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
