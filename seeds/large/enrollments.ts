import { type CourseFacts, factsOfCourse } from './courses.ts';
import { BASE_TIME, clamp, DAY, joinedAt, KIND, type Plan, randomOf } from './plan.ts';

/** One user in one course. */
export interface EnrollmentFacts {
  course: number;
  facts: CourseFacts;
  status: 'ACTIVE' | 'COMPLETED' | 'DROPPED';
  enrolledAt: number;
  /** When each of the modules done was completed; the modules are done in their order. */
  doneAt: number[];
  /** How far the next module is, if it has been started. */
  nextPercent: number | null;
  /** The time of the last event, or of the enrollment if there is none. */
  lastActivityAt: number;
}

/**
 * A user's enrollments: most have few, some have many, in courses whose popularity is a power law.
 */
export function enrollmentsOf(plan: Plan, user: number): EnrollmentFacts[] {
  const random = randomOf(plan, KIND.enrollments, user);
  const most = Math.min(25, Math.floor(plan.courses.size / 3));
  const count = clamp(Math.floor(random.logNormal(2, 0.9)), 0, most);
  const found: EnrollmentFacts[] = [];
  for (const course of plan.courses.drawDistinct(random, count)) {
    const facts = factsOfCourse(plan, course);
    if (facts.status === 'DRAFT') continue;
    const opened = Math.max(joinedAt(plan, user), facts.publishedAt);
    const enrolledAt = opened + Math.floor(random.next() * 0.5 * (BASE_TIME - opened));
    const modules = facts.weights.length;
    const done = random.chance(0.25) ? modules : Math.floor(modules * random.next() ** 1.5);
    const pace = Math.min(random.int(1, 6) * DAY, (BASE_TIME - enrolledAt) / (modules + 2));
    const doneAt = Array.from({ length: done }, (_, at) =>
      Math.floor(enrolledAt + (at + 1) * pace),
    );
    const isDropped = done < modules && random.chance(0.2);
    const nextPercent = done < modules && random.chance(0.4) ? random.int(1, 99) : null;
    const lastDone = doneAt.at(-1) ?? enrolledAt;
    found.push({
      course,
      facts,
      status: done === modules ? 'COMPLETED' : isDropped ? 'DROPPED' : 'ACTIVE',
      enrolledAt,
      doneAt,
      nextPercent,
      lastActivityAt: nextPercent === null ? lastDone : Math.floor(lastDone + pace / 2),
    });
  }
  return found;
}
