import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import type { Db } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import * as schema from '../../src/schema/index.ts';
import { insertReturning } from '../../src/testing/factories/factory.ts';
import type { Factory } from '../../src/testing/factories/index.ts';
import * as make from '../../src/testing/factories/index.ts';

/** A factory whose table is only known at run time. */
export type AnyFactory = (
  db: Db,
  overrides?: Record<string, unknown>,
) => Promise<Record<string, unknown>>;

interface Entry {
  table: PgTable;
  insert: AnyFactory;
}

function entry<T extends PgTable>(table: T, insert: Factory<T>): [string, Entry] {
  const config = getTableConfig(table);
  return [`${config.schema}.${config.name}`, { table, insert: insert as AnyFactory }];
}

/** A table that only triggers write: its rows are stored as a replica would store them. */
function derived<T extends PgTable>(
  table: T,
  fill: (db: Db) => T['$inferInsert'] | Promise<T['$inferInsert']>,
): [string, Entry] {
  return entry(table, (db, overrides) =>
    transaction(db, async (tx) => {
      const row = { ...(await fill(tx)), ...overrides };
      await tx.execute('set local session_replication_role = replica');
      const stored = await insertReturning(tx, table, [row]);
      await tx.execute('set local session_replication_role = origin');
      return stored;
    }),
  );
}

let sealNumber = 0n;

function newSeal() {
  sealNumber += 1n;
  return {
    number: sealNumber,
    previousHash: randomBytes(32),
    hash: randomBytes(32),
    rangeCount: 1,
  };
}

const sealEntry = derived(schema.seals, newSeal);

/** Every table by `schema.table`, with the factory of its rows. */
export const factories: ReadonlyMap<string, Entry> = new Map([
  entry(schema.users, make.insertUser),
  entry(schema.userProfiles, make.insertUserProfile),
  entry(schema.tokens, make.insertToken),
  entry(schema.courses, make.insertCourse),
  entry(schema.courseModules, make.insertCourseModule),
  entry(schema.enrollments, make.insertEnrollment),
  entry(schema.moduleProgress, make.insertModuleProgress),
  entry(schema.courseRevisions, make.insertCourseRevision),
  entry(schema.revisionModules, make.insertRevisionModule),
  entry(schema.revisionPrerequisites, make.insertRevisionPrerequisite),
  entry(schema.modulePrerequisites, make.insertModulePrerequisite),
  entry(schema.courseStatistics, make.insertCourseStatistics),
  entry(schema.courseCompletions, make.insertCourseCompletion),
  entry(schema.progressEvents, make.insertProgressEvent),
  entry(schema.learnerDays, make.insertLearnerDays),
  entry(schema.assessments, make.insertAssessment),
  entry(schema.learningPaths, make.insertLearningPath),
  entry(schema.learningPathCourses, make.insertLearningPathCourse),
  entry(schema.learningPathSkills, make.insertLearningPathSkill),
  entry(schema.currencies, make.insertCurrency),
  entry(schema.wallets, make.insertWallet),
  entry(schema.transactions, make.insertTransaction),
  entry(schema.entries, make.insertEntry),
  entry(schema.holds, make.insertHold),
  entry(schema.miningActivities, make.insertMiningActivity),
  entry(schema.payments, make.insertPayment),
  entry(schema.paymentReferences, make.insertPaymentReference),
  entry(schema.skills, make.insertSkill),
  entry(schema.occupations, make.insertOccupation),
  entry(schema.occupationSkills, make.insertOccupationSkill),
  entry(schema.userSkills, make.insertUserSkill),
  entry(schema.jobs, make.insertJob),
  entry(schema.jobSkills, make.insertJobSkill),
  entry(schema.jobApplications, make.insertJobApplication),
  derived(schema.applicationSteps, async (db) => {
    const { userId, jobId } = await make.insertJobApplication(db);
    return { userId, jobId, position: 100, status: 'REVIEWING' as const, changedAt: new Date() };
  }),
  entry(schema.skillEndorsements, make.insertSkillEndorsement),
  entry(schema.skillRanks, make.insertSkillRank),
  derived(schema.rankRefreshes, () => ({ id: randomInt(2, 1_000_000_000) })),
  derived(schema.jobVectors, () => ({
    jobId: randomUUID(),
    needs: [9],
    codes: [8, 9],
    totalWeight: 2,
    skillBits: '0'.repeat(256),
    postedAt: new Date(),
    remote: true,
  })),
  derived(schema.skillPostings, () => ({
    skillId: 1,
    sizeClass: 1,
    bound: 10_000,
    postedMinute: 0,
    totalWeight: 2,
    jobId: randomUUID(),
    nearGap: false,
    skillBits: '0'.repeat(256),
    needs: [8],
  })),
  derived(schema.leftOutJobs, () => ({ jobId: randomUUID(), skillsHash: randomInt(1_000_000) })),
  derived(schema.packedJobs, () => ({ slot: randomInt(1_000_000_000), jobId: randomUUID() })),
  derived(schema.packedShares, () => ({
    skillId: randomInt(1_000_000_000),
    level: 'EXPERT' as const,
    blockId: 0,
    shares: 1n,
  })),
  derived(schema.packedBounds, () => ({
    skillId: randomInt(1_000_000_000),
    level: 'EXPERT' as const,
    groupId: 0,
    bounds: 1n,
  })),
  sealEntry,
  derived(schema.sealedRanges, async (db) => {
    const { userId, currency, version } = await make.insertEntry(db);
    const number = await sealEntry[1].insert(db).then((seal) => seal.number as bigint);
    return {
      userId,
      currency,
      firstVersion: version,
      lastVersion: version,
      sealNumber: number,
      place: 1,
      digests: Buffer.alloc(8),
      hash: randomBytes(32),
    };
  }),
  derived(schema.occurrenceSums, async (db) => {
    const { userId, currency } = await make.insertWallet(db);
    return { userId, currency, level: 0, stretch: 1n, amount: 100n };
  }),
  entry(schema.aiPersonalities, make.insertAiPersonality),
  entry(schema.aiPersonalityRelationships, make.insertAiPersonalityRelationship),
  entry(schema.chatSessions, make.insertChatSession),
  entry(schema.chatMessages, make.insertChatMessage),
  entry(schema.notifications, make.insertNotification),
  entry(schema.events, make.insertEvent),
  entry(schema.safetyIncidents, make.insertSafetyIncident),
  entry(schema.auditLog, make.insertAuditLogRow),
]);

export function factoryOf(table: string): Entry {
  const found = factories.get(table);
  if (!found) throw new Error(`tests/schema/factories.ts names no factory for ${table}`);
  return found;
}
