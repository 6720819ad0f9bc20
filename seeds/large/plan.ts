import { mix, PowerLaw, Random, scramble } from './random.ts';

/** The day that the data end with. Fixed, so that the same seed gives the same rows on any day. */
export const BASE_TIME = Date.UTC(2026, 0, 1);
export const DAY = 86_400_000;
/** The first user joined here; it does not depend on the scale. */
export const FIRST_TIME = BASE_TIME - 730 * DAY;

/** Users are made in blocks of this size: all that is ever in memory, whatever the scale. */
export const BLOCK = 1_000;

/** What a random stream or an id is for. Numbers, because they go into hashes: never renumber. */
export const KIND = {
  user: 1,
  course: 2,
  module: 3,
  enrollments: 4,
  wallet: 5,
  transaction: 6,
  mining: 7,
  job: 8,
  jobSkills: 9,
  userSkills: 10,
  applications: 11,
  occupation: 12,
  progressEvent: 13,
  completion: 14,
} as const;

type Kind = (typeof KIND)[keyof typeof KIND];

/** How many of what, and the popularity that rows are drawn by. */
export interface Plan {
  seed: number;
  users: number;
  jobs: number;
  courses: PowerLaw;
  skills: PowerLaw;
}

export function makePlan(users: number, seed: number): Plan {
  return {
    seed,
    users,
    jobs: Math.max(20, Math.round(users / 5)),
    courses: new PowerLaw(clamp(Math.round(users / 40), 60, 20_000), 1.3),
    skills: new PowerLaw(clamp(Math.round(users / 20), 60, 5_000), 1),
  };
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** The random numbers of one row. */
export function randomOf(plan: Plan, kind: Kind, index: number): Random {
  return new Random(plan.seed, kind, index);
}

/**
 * The UUIDv7 of a row: its time, and bits that are a bijection of its number, so that two rows of
 * one kind never share an id.
 */
export function idOf(plan: Plan, kind: Kind, index: number, time: number): string {
  const millis = hex(Math.floor(time), 12);
  const high = mix([plan.seed, kind, 1]) >>> 0;
  const key = mix([plan.seed, kind, 2]);
  const low = hex(scramble(index ^ key) >>> 0, 8);
  const variant = (0x8 | ((high >>> 12) & 0x3)).toString(16);
  return (
    `${millis.slice(0, 8)}-${millis.slice(8)}-7${hex(high & 0xfff, 3)}-` +
    `${variant}${hex((high >>> 14) & 0xfff, 3)}-${hex(key >>> 16, 4)}${low}`
  );
}

/** When a user joined: users come in the order of their numbers, at an even pace. */
export function joinedAt(plan: Plan, user: number): number {
  return FIRST_TIME + Math.floor((user * 729 * DAY) / plan.users);
}

export function userId(plan: Plan, user: number): string {
  return idOf(plan, KIND.user, user, joinedAt(plan, user));
}

/** Whether a user teaches; the first one does. */
export function isEducator(user: number): boolean {
  return user % 50 === 0;
}

/** One of the educators of the first tenth of users, who were there before courses and jobs. */
export function drawEarlyEducator(plan: Plan, random: Random): number {
  return 50 * random.int(0, Math.floor((plan.users - 1) / 500));
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
