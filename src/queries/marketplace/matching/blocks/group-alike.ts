import { setImmediate } from 'node:timers/promises';

/**
 * Many jobs' skills, one job after another: those of job `n` are from `starts[n]` to before
 * `starts[n + 1]`.
 */
export interface SkillSets {
  starts: Uint32Array;
  skills: Uint32Array;
}

/** What share of a topic's jobs ask for each skill. */
type Topic = ReadonlyMap<number, number>;

/** For each skill the topics that have it, by number, and how much it tells for them. */
type TopicIndex = ReadonlyMap<number, readonly { topic: number; weight: number }[]>;

const SKILLS_OF_TOPIC = 40;
const SAMPLED_OF_TOPIC = 25;
/**
 * Of a million jobs of ESCO, one round gives blocks with 339,000 skills in all, of which a search
 * of a person with 60 skills adds up 1,790 (the median of sixty people); four give 241,000 and
 * 1,380, eight 235,000 and 1,310, sixteen 231,000 and 1,300.
 */
const ROUNDS = 6;
/** What fewer of a group's jobs ask for than one in so many says little of the group. */
const LEAST_SHARE_OF_GROUP = 4;
const JOBS_AT_A_TIME = 500;
const SKILLS_AT_A_TIME = 100_000;

/**
 * Puts jobs that ask for much the same into groups, about `topicCount`: for each job the number of
 * its topic. A topic is at first the skills of one job, then, again and again, the most common
 * skills of those jobs of a sample that have most in common with it; a rare skill counts more, by
 * the logarithm of its rarity. This is k-means for texts (Dhillon and Modha, 2001) over an inverted
 * index, but topics with many skills are not made smaller. The same jobs in the same order give the
 * same topics. Between jobs it lets others run: a million jobs take some forty seconds.
 */
export async function groupAlike(jobs: SkillSets, topicCount: number): Promise<Uint32Array> {
  const jobCount = jobs.starts.length - 1;
  const rarity = await measureRarity(jobs);
  const seeds = chooseJobs(jobCount, topicCount);
  const oneOfEach = seeds.map(
    (job): Topic => new Map(Array.from(skillsOf(jobs, job), (skill) => [skill, 1])),
  );
  const sample = chooseJobs(jobCount, SAMPLED_OF_TOPIC * topicCount);
  let topics = oneOfEach;
  for (let round = 0; round < ROUNDS; round += 1) {
    const nearest = await findNearest(jobs, sample, indexTopics(topics, rarity), topics.length);
    topics = describeTopics(jobs, sample, nearest, topics.length);
  }
  return findNearest(jobs, [...Array(jobCount).keys()], indexTopics(topics, rarity), topics.length);
}

/**
 * The same groups in an order in which alike ones are near each other: by which of fewer, larger
 * groups each belongs to. So the blocks that have a skill have fewer bounds: among a million jobs
 * of ESCO, people with 60 skills read 376 rows instead of 664.
 */
export async function orderAlike(
  jobs: SkillSets,
  groups: readonly number[][],
): Promise<number[][]> {
  const starts = [0];
  const skills: number[] = [];
  for (const group of groups) {
    await setImmediate();
    const counts = new Map<number, number>();
    for (const job of group) countEach(skillsOf(jobs, job), counts);
    for (const [skill, count] of counts) {
      if (count * LEAST_SHARE_OF_GROUP >= group.length) skills.push(skill);
    }
    starts.push(skills.length);
  }
  const sets = { starts: Uint32Array.from(starts), skills: Uint32Array.from(skills) };
  const largerOf = await groupAlike(sets, Math.ceil(Math.sqrt(groups.length)));
  const places = [...groups.keys()].sort((a, b) => (largerOf[a] ?? 0) - (largerOf[b] ?? 0));
  return places.map((place) => groups[place] ?? []);
}

/**
 * Scattered by a multiplicative hash (Knuth), because jobs that were made one after another may be
 * alike at a distance.
 */
function chooseJobs(jobCount: number, wanted: number): number[] {
  const scattered = Array.from(
    { length: Math.min(wanted, jobCount) },
    (_, n) => Math.imul(n + 1, 2_654_435_761) >>> 0,
  );
  return [...new Set(scattered.map((hash) => hash % jobCount))];
}

export function skillsOf({ starts, skills }: SkillSets, job: number): Uint32Array {
  return skills.subarray(starts[job], starts[job + 1]);
}

async function measureRarity({ starts, skills }: SkillSets): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  for (let from = 0; from < skills.length; from += SKILLS_AT_A_TIME) {
    await setImmediate();
    countEach(skills.subarray(from, from + SKILLS_AT_A_TIME), counts);
  }
  return new Map(Array.from(counts, ([skill, count]) => [skill, Math.log(starts.length / count)]));
}

function countEach(
  values: Iterable<number>,
  counts = new Map<number, number>(),
): Map<number, number> {
  for (const value of values) counts.set(value, 1 + (counts.get(value) ?? 0));
  return counts;
}

/** A skill that more than a tenth of the topics have tells little of a job, and would cost most. */
function indexTopics(topics: readonly Topic[], rarity: ReadonlyMap<number, number>): TopicIndex {
  const index = new Map<number, { topic: number; weight: number }[]>();
  for (const [topic, skills] of topics.entries()) {
    for (const [skill, share] of skills) {
      const entry = { topic, weight: share * (rarity.get(skill) ?? 0) };
      const list = index.get(skill);
      if (list === undefined) index.set(skill, [entry]);
      else list.push(entry);
    }
  }
  const most = Math.max(1, topics.length / 10);
  return new Map([...index].filter(([, list]) => list.length <= most));
}

/**
 * The topic with which each of `chosen` has most in common; 0 for a job that has nothing in common
 * with any.
 */
async function findNearest(
  jobs: SkillSets,
  chosen: readonly number[],
  index: TopicIndex,
  topicCount: number,
): Promise<Uint32Array> {
  const likeness = new Float64Array(topicCount);
  const nearest = new Uint32Array(chosen.length);
  for (const [at, job] of chosen.entries()) {
    if (at % JOBS_AT_A_TIME === 0) await setImmediate();
    const lists = Array.from(skillsOf(jobs, job), (skill) => index.get(skill) ?? []);
    let most = 0;
    for (const list of lists) {
      for (const { topic, weight } of list) {
        const sum = (likeness[topic] ?? 0) + weight;
        likeness[topic] = sum;
        if (sum > most) {
          most = sum;
          nearest[at] = topic;
        }
      }
    }
    for (const list of lists) for (const { topic } of list) likeness[topic] = 0;
  }
  return nearest;
}

function describeTopics(
  jobs: SkillSets,
  sample: readonly number[],
  nearest: Uint32Array,
  topicCount: number,
): Topic[] {
  const counts = Array.from({ length: topicCount }, () => new Map<number, number>());
  const sizes = countEach(nearest);
  for (const [at, job] of sample.entries()) {
    countEach(skillsOf(jobs, job), counts[nearest[at] ?? 0]);
  }
  return counts.map((ofTopic, topic) => {
    const common = [...ofTopic].sort(([, a], [, b]) => b - a).slice(0, SKILLS_OF_TOPIC);
    return new Map(common.map(([skill, count]) => [skill, count / (sizes.get(topic) ?? 1)]));
  });
}
