import type { ProgressEvent } from '../../../../src/queries/education/index.ts';

/** By module: its share of the course; 0 if it is optional. */
export type Weights = Map<string, number>;

/** What the events of one learner in one course come to, by plain loops: the columns as the tables have them. */
export function fold(events: ProgressEvent[], weights: Weights, enrolledAt: Date) {
  const modules = [...new Set(events.map((event) => event.moduleId))]
    .sort()
    .map((id) => foldModule(events.filter((event) => event.moduleId === id)));
  const required = [...weights].filter(([, weight]) => weight > 0);
  const completions = required.map(
    ([id]) => modules.find((module) => module.module_id === id)?.completed_at ?? null,
  );
  const done = required
    .filter((_, place) => completions[place] !== null)
    .reduce((sum, [, weight]) => sum + weight, 0);
  const isComplete = completions.every((time) => time !== null);
  return {
    enrollment: {
      status: isComplete ? 'COMPLETED' : 'ACTIVE',
      done_weight: done,
      last_activity_at: latest([enrolledAt, ...events.map((event) => event.occurredAt)]),
      completed_at: isComplete ? latest(completions as Date[]) : null,
    },
    modules,
  };
}

function foldModule(events: ProgressEvent[]) {
  // By time, and by id where times tie.
  const ordered = events.toSorted(
    (one, other) =>
      one.occurredAt.getTime() - other.occurredAt.getTime() ||
      (one.eventId < other.eventId ? -1 : 1),
  );
  const placed = ordered.filter((event) => event.position !== undefined);
  const completed = ordered.find((event) => event.kind === 'completed');
  return {
    module_id: ordered[0]?.moduleId,
    percent: Math.max(
      0,
      ...events.map((event) => (event.kind === 'completed' ? 100 : (event.percent ?? 0))),
    ),
    position: placed.at(-1)?.position ?? null,
    started_at: ordered[0]?.occurredAt,
    last_activity_at: ordered.at(-1)?.occurredAt,
    completed_at: completed?.occurredAt ?? null,
  };
}

function latest(times: Date[]): Date {
  return new Date(Math.max(...times.map((time) => time.getTime())));
}
