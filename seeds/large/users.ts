import { type NewUserProfile, userProfiles } from '../../src/schema/identity/user-profiles.ts';
import { type NewUser, users } from '../../src/schema/identity/users.ts';
import { DAY, isEducator, joinedAt, KIND, type Plan, randomOf, userId } from './plan.ts';
import { fakerOf, Random } from './random.ts';
import { range, type Writer } from './writer.ts';

const TIME_ZONES = [
  'Africa/Johannesburg',
  'Africa/Lagos',
  'Africa/Nairobi',
  'Europe/London',
  'America/New_York',
  'Asia/Kolkata',
  'UTC',
] as const;

/** Users and their profiles, in the order in which they joined. */
export async function writeUsers(writer: Writer, plan: Plan): Promise<void> {
  await writer.inBlocks(plan.users, [users, userProfiles], async (from, to) => {
    await writer.copy(users, makeUsers(plan, from, to));
    await writer.copy(userProfiles, makeProfiles(plan, from, to));
  });
}

function* makeUsers(plan: Plan, from: number, to: number): Generator<NewUser> {
  const random = new Random(plan.seed);
  const faker = fakerOf(random);
  for (const user of range(from, to)) {
    random.seed([plan.seed, KIND.user, user]);
    const firstName = faker.person.firstName();
    const lastName = faker.person.lastName();
    const joined = new Date(joinedAt(plan, user));
    yield {
      id: userId(plan, user),
      email: `${toMailbox(firstName)}.${toMailbox(lastName)}.${user}@seed${plan.seed}.example.com`,
      name: `${firstName} ${lastName}`,
      role: user === 1 ? 'ADMIN' : isEducator(user) ? 'EDUCATOR' : 'STUDENT',
      createdAt: joined,
      updatedAt: joined,
    };
  }
}

function* makeProfiles(plan: Plan, from: number, to: number): Generator<NewUserProfile> {
  const shared = new Random(plan.seed);
  const faker = fakerOf(shared);
  for (const user of range(from, to)) {
    shared.seed([plan.seed, KIND.user, user, 1]);
    const random = randomOf(plan, KIND.user, user);
    const joined = joinedAt(plan, user);
    yield {
      userId: userId(plan, user),
      bio: random.chance(0.6) ? faker.person.bio() : null,
      location: random.chance(0.8) ? `${faker.location.city()}, ${faker.location.country()}` : null,
      timeZone: random.pick(TIME_ZONES),
      createdAt: new Date(joined),
      updatedAt: new Date(joined + random.int(0, DAY)),
    };
  }
}

function toMailbox(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '');
}
