import type { PoolClient } from 'pg';
import { KIND, type Plan, randomOf } from './plan.ts';
import { PowerLaw, Random } from './random.ts';
import { drawLevel, type SkillNeed, type SkillSource } from './skill-source.ts';

/** What one occupation needs, as places in the list of skill ids. */
interface Occupation {
  essential: readonly number[];
  optional: readonly number[];
}

const MOST_OPTIONAL = 10;
const POPULARITY = 0.5;

/**
 * Jobs and people made of the occupations that `importEsco` loaded; undefined when there are none.
 * All of them are held in memory: a hundred thousand numbers, at any scale. In order of their URIs,
 * because ids differ between databases.
 */
export async function readOccupations(
  client: PoolClient,
  plan: Plan,
): Promise<SkillSource | undefined> {
  const { rows } = await client.query<{ skill_ids: number[]; essential: boolean[] }>(
    `select
       array_agg(os.skill_id order by s.source_uri collate "C", s.id) as skill_ids,
       array_agg(os.essential order by s.source_uri collate "C", s.id) as essential
     from marketplace.occupations o
     join marketplace.occupation_skills os on os.occupation_id = o.id
     join marketplace.skills s on s.id = os.skill_id
     group by o.id
     order by o.source_uri collate "C"`,
  );
  if (rows.length === 0) return undefined;
  const places = new Map<number, number>();
  const placeOf = (id: number) => {
    const place = places.get(id) ?? places.size;
    places.set(id, place);
    return place;
  };
  const occupations = rows.map(({ skill_ids: ids, essential }) => ({
    essential: ids.filter((_, at) => essential[at]).map(placeOf),
    optional: ids.filter((_, at) => !essential[at]).map(placeOf),
  }));
  return sourceOf(plan, occupations, [...places.keys()]);
}

function sourceOf(plan: Plan, occupations: Occupation[], skillIds: number[]): SkillSource {
  // Which occupations are popular is chance, too.
  const byPopularity = drawSome(
    new Random(plan.seed, KIND.occupation),
    occupations,
    occupations.length,
  );
  const popularity = new PowerLaw(occupations.length, POPULARITY);
  const draw = (random: Random): Occupation =>
    byPopularity[popularity.draw(random)] ?? { essential: [], optional: [] };
  return {
    skillIds,
    ofJob: (job) => needsOfJob(randomOf(plan, KIND.jobSkills, job), draw),
    ofUser: (user) => skillsOfPerson(randomOf(plan, KIND.userSkills, user), draw),
  };
}

/** Most of an occupation's essential skills, and up to a fifth of the optional ones. */
function needsOfJob(random: Random, draw: (random: Random) => Occupation): SkillNeed[] {
  const { essential, optional } = draw(random);
  const main = drawSome(random, essential, mostOf(random, essential.length));
  const share = Math.floor(optional.length * 0.2 * random.next());
  // An occupation of which nothing is essential still asks for something.
  const extras = Math.min(MOST_OPTIONAL, Math.max(share, main.length === 0 ? 1 : 0));
  return [
    ...main.map((skill) => ({ skill, level: drawLevel(random), required: random.chance(0.85) })),
    ...drawSome(random, optional, extras).map((skill) => ({
      skill,
      level: drawLevel(random),
      required: false,
    })),
  ];
}

/** Most of one occupation's skills, and some of another's. */
function skillsOfPerson(random: Random, draw: (random: Random) => Occupation): SkillNeed[] {
  const first = draw(random);
  const own = [...first.essential, ...first.optional];
  const skills = new Set(drawSome(random, own, mostOf(random, own.length)));
  const second = draw(random);
  const others = [...second.essential, ...second.optional];
  const some = Math.ceil(others.length * (0.1 + 0.2 * random.next()));
  for (const skill of drawSome(random, others, some)) skills.add(skill);
  return Array.from(skills, (skill) => ({ skill, level: drawLevel(random), required: false }));
}

/** More than half of so many; all of one. */
function mostOf(random: Random, count: number): number {
  return Math.min(count, Math.floor(count * (0.55 + 0.4 * random.next())) + 1);
}

/** So many of the items, each set of them as likely as another: the beginning of a shuffle. */
function drawSome<T>(random: Random, items: readonly T[], count: number): T[] {
  const left = [...items];
  const drawn: T[] = [];
  for (let at = 0; at < count; at += 1) {
    const [item] = left.splice(random.int(0, left.length - 1), 1);
    if (item !== undefined) drawn.push(item);
  }
  return drawn;
}
