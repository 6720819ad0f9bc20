import { describe, expect, it } from 'vitest';
import {
  groupAlike,
  orderAlike,
  skillsOf,
} from '../../../../../src/queries/marketplace/matching/blocks/group-alike.ts';

/** Jobs of trades that share the common skills 0 to 4; each asks for eight of its trade's ten skills, in turn. */
function jobsOfTrades(trades: number, jobs: number) {
  const starts = [0];
  const skills: number[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const first = 10 + 10 * (job % trades);
    for (let n = 0; n < 8; n += 1) skills.push(first + ((job + n) % 10));
    skills.push(job % 5);
    starts.push(skills.length);
  }
  return { starts: Uint32Array.from(starts), skills: Uint32Array.from(skills) };
}

/** Jobs of a trade each, at random: most of its twelve skills, and three of any trade. */
function scatteredJobs(trades: number, jobs: number) {
  let seed = 1;
  const draw = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const starts = [0];
  const skills: number[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const first = 12 * draw(trades);
    for (let n = 0; n < 12; n += 1) if (draw(10) < 6) skills.push(first + n);
    for (let n = 0; n < 3; n += 1) skills.push(12 * draw(trades) + draw(12));
    starts.push(skills.length);
  }
  return { starts: Uint32Array.from(starts), skills: Uint32Array.from(skills) };
}

describe('groupAlike', () => {
  it('puts the jobs of one trade together and of two trades apart', async () => {
    const topics = await groupAlike(jobsOfTrades(30, 3_000), 60);
    const tradesOfTopic = new Map<number, Set<number>>();
    for (const [job, topic] of topics.entries()) {
      const trades = tradesOfTopic.get(topic) ?? new Set();
      tradesOfTopic.set(topic, trades.add(job % 30));
    }
    expect([...tradesOfTopic.values()].filter((trades) => trades.size > 1)).toEqual([]);
    expect(tradesOfTopic.size).toBeLessThanOrEqual(60);
  });

  // A block has a row for each of its skills, which is what a search reads.
  it('has fewer skills in its topics than one round of it would', async () => {
    const jobs = scatteredJobs(100, 5_000);
    const skillsOfTopic = new Map<number, Set<number>>();
    for (const [job, topic] of (await groupAlike(jobs, 100)).entries()) {
      const known = skillsOfTopic.get(topic) ?? new Set();
      for (const skill of skillsOf(jobs, job)) known.add(skill);
      skillsOfTopic.set(topic, known);
    }
    const rows = [...skillsOfTopic.values()].reduce((sum, known) => sum + known.size, 0);
    // One round has 15,903, two 15,176.
    expect(rows).toBeLessThan(15_200);
  });

  it('gives the same topics again', async () => {
    const jobs = jobsOfTrades(7, 500);
    expect(await groupAlike(jobs, 9)).toEqual(await groupAlike(jobs, 9));
  });

  it.each([0, 1, 3])(
    'takes %i jobs, more topics than jobs, and jobs without skills',
    async (count) => {
      const starts = new Uint32Array(count + 1);
      expect(await groupAlike({ starts, skills: new Uint32Array() }, 5)).toHaveLength(count);
    },
  );
});

describe('orderAlike', () => {
  it('brings groups that ask for much the same near each other, and loses none', async () => {
    const jobs = jobsOfTrades(10, 1_000);
    const groups = Array.from({ length: 100 }, (_, group) =>
      Array.from({ length: 10 }, (__, n) => (group % 10) + 10 * Math.floor(group / 10) + 100 * n),
    );
    const ordered = await orderAlike(jobs, groups);
    const trades = ordered.map(([job = 0]) => job % 10);
    // In the order that they had, each of the 99 others was of another trade than the one before it.
    const changes = trades.filter((trade, at) => at > 0 && trade !== trades[at - 1]);
    expect(changes.length).toBeLessThan(60);
    expect(ordered.flat().sort((a, b) => a - b)).toEqual([...Array(1_000).keys()]);
  });

  it('takes no groups', async () => {
    expect(await orderAlike(jobsOfTrades(1, 0), [])).toEqual([]);
  });
});
