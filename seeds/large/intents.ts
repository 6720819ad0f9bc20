import { enrollmentsOf } from './enrollments.ts';
import { clamp, KIND, type Plan, randomOf } from './plan.ts';

/** What a user wants to do with money; whether it can be done shows when its time has come. */
export interface Intent {
  user: number;
  kind: 'DEPOSIT' | 'WITHDRAWAL' | 'TRANSFER' | 'MINING_REWARD';
  /** From 0 to 1, within the time that the user's block has. */
  when: number;
  /** How many milliseconds earlier it happened than it is recorded. */
  late: number;
  /** Of a withdrawal or transfer: at most the share of the balance that `share` says. */
  amount: bigint;
  share: number;
  /** Of a transfer: from 0 to 1, which user of the block receives it. */
  receiver: number;
  /** Of a reward: the course, and when it was completed. */
  course: number;
  completedAt: number;
}

const HOUR = 3_600_000;
const AZR_UNIT = 100_000_000n;
const NO_REWARD = { course: 0, completedAt: 0 };

/** Everything that these users do, in the order of its time. */
export function intentsOf(plan: Plan, from: number, to: number): Intent[] {
  const intents: Intent[] = [];
  for (let user = from; user < to; user += 1) intents.push(...intentsOfUser(plan, user));
  return intents.sort((a, b) => a.when - b.when || a.user - b.user);
}

function intentsOfUser(plan: Plan, user: number): Intent[] {
  const random = randomOf(plan, KIND.transaction, user);
  const intents: Intent[] = [];
  const add = (kind: Intent['kind'], count: number, median: number, sigma: number) => {
    for (let index = 0; index < count; index += 1) {
      intents.push({
        user,
        kind,
        when: random.next(),
        // Some deposits come from a bank, which tells of them later.
        late: kind === 'DEPOSIT' && random.chance(0.02) ? random.int(1, 48) * HOUR : 0,
        amount: BigInt(Math.ceil(random.logNormal(median, sigma))),
        share: 0.2 + 0.6 * random.next(),
        // The cube lets a few of them receive most, as shops do.
        receiver: random.next() ** 3,
        ...NO_REWARD,
      });
    }
  };
  // Amounts in cents: deposits of some hundred rand, transfers and withdrawals of less.
  add('DEPOSIT', clamp(Math.floor(random.logNormal(1.6, 0.7)), 0, 12), 45_000, 0.9);
  add('TRANSFER', clamp(Math.floor(random.logNormal(1.2, 1)), 0, 20), 9_000, 1.1);
  add('WITHDRAWAL', random.chance(0.25) ? 1 : 0, 20_000, 0.8);
  for (const { status, course, facts, lastActivityAt } of enrollmentsOf(plan, user)) {
    if (status !== 'COMPLETED') continue;
    intents.push({
      user,
      kind: 'MINING_REWARD',
      when: random.next(),
      late: 0,
      // Half an AZR for each module.
      amount: (AZR_UNIT * BigInt(facts.weights.length)) / 2n,
      share: 1,
      receiver: 0,
      course,
      completedAt: lastActivityAt,
    });
  }
  return intents;
}
