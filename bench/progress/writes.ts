import { type ProgressEvent, recordProgress } from '../../src/queries/education/index.ts';
import type { Contender } from '../lib/measure.ts';
import { completions, pick, pickOfLargest, steps } from './data.ts';
import { inEach, type World } from './world.ts';

const ACTIVE = 10_000;

/**
 * Events in two workloads. `random`: each of a random learner of all, who was seldom active before:
 * nearly every row is on a page that nothing touched since the checkpoint. `in session`: of the
 * same 10,000 enrollments (or all, if there are fewer), whose learners go on learning, after one
 * event of each that is not measured.
 */
export function writeCases(worlds: World[]): [string, Contender[]][] {
  const sessions = new Map(worlds.map((world) => [world, openSession(world)]));
  const random = (world: World, count: number) => steps(pick(world.size, count));
  const inSession = (world: World, count: number) => {
    const { enrollments } = sessions.get(world) as Session;
    return steps(pick(enrollments.length, count).map((n) => enrollments[n] as number));
  };
  const record = (
    events: (world: World, count: number) => ProgressEvent[],
    { units = 1, callers = 1 }: { units?: number; callers?: number },
    of: World[] = worlds,
  ) =>
    inEach(of, (world) => ({
      units,
      callers,
      operation: () => recordProgress(world.db, { events: events(world, units) }),
    }));
  return [
    ...[1, 100, 1_000].map((units): [string, Contender[]] => [
      `recordProgress, random, batches of ${units}`,
      record(random, { units }),
    ]),
    ['recordProgress, random, batches of 1, 8 callers', record(random, { callers: 8 })],
    ...[1, 100, 1_000].map((units): [string, Contender[]] => [
      `recordProgress, in session, batches of ${units}`,
      record(inSession, { units }).map((contender, n) => ({
        ...contender,
        prepare: () => (sessions.get(worlds[n] as World) as Session).begin(),
      })),
    ]),
    [
      'recordProgress, 32 callers, all in one course',
      record(
        ({ size }, count) => steps(pickOfLargest(size, count)),
        { callers: 32 },
        worlds.slice(1),
      ),
    ],
    [
      'recordProgress, random, batches of 1,000 that complete modules',
      record(
        ({ size }, count) => completions(pick(size, count)),
        { units: 1_000 },
        worlds.slice(1),
      ),
    ],
  ];
}

interface Session {
  readonly enrollments: number[];
  /** Records one event of each, the first time that it is called. */
  begin(): Promise<void>;
}

function openSession({ db, size }: World): Session {
  const enrollments = pick(size, Math.min(ACTIVE, size));
  let begun: Promise<void> | undefined;
  const recordAll = async () => {
    for (let from = 0; from < enrollments.length; from += 1_000) {
      await recordProgress(db, { events: steps(enrollments.slice(from, from + 1_000)) });
    }
  };
  return {
    enrollments,
    begin: () => {
      begun ??= recordAll();
      return begun;
    },
  };
}
