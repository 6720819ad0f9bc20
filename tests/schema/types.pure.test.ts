import { getTableColumns } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as schema from '../../src/schema/index.ts';

/** What a select returns, by table. */
interface Selected {
  chatMessages: schema.ChatMessage;
  chatSessions: schema.ChatSession;
  aiPersonalities: schema.AiPersonality;
  aiPersonalityRelationships: schema.AiPersonalityRelationship;
  assessments: schema.Assessment;
  courseCompletions: schema.CourseCompletion;
  courseModules: schema.CourseModule;
  courseRevisions: schema.CourseRevision;
  courseStatistics: schema.CourseStatistics;
  courses: schema.Course;
  enrollments: schema.Enrollment;
  learnerDays: schema.LearnerDays;
  learningPathCourses: schema.LearningPathCourse;
  learningPathSkills: schema.LearningPathSkill;
  learningPaths: schema.LearningPath;
  modulePrerequisites: schema.ModulePrerequisite;
  moduleProgress: schema.ModuleProgress;
  progressEvents: schema.ProgressEventRow;
  revisionModules: schema.RevisionModule;
  revisionPrerequisites: schema.RevisionPrerequisite;
  currencies: schema.Currency;
  entries: schema.Entry;
  holds: schema.Hold;
  miningActivities: schema.MiningActivity;
  occurrenceSums: schema.OccurrenceSum;
  paymentReferences: schema.PaymentReference;
  payments: schema.Payment;
  transactions: schema.LedgerTransactionRow;
  wallets: schema.Wallet;
  tokens: schema.Token;
  userProfiles: schema.UserProfile;
  users: schema.User;
  applicationSteps: schema.ApplicationStep;
  jobApplications: schema.JobApplication;
  jobSkills: schema.JobSkill;
  jobVectors: schema.JobVector;
  jobs: schema.Job;
  occupationSkills: schema.OccupationSkill;
  occupations: schema.Occupation;
  skillEndorsements: schema.SkillEndorsement;
  skillPostings: schema.SkillPosting;
  leftOutJobs: schema.LeftOutJob;
  packedJobs: schema.PackedJob;
  packedShares: schema.PackedShare;
  packedBounds: schema.PackedBound;
  skillRanks: schema.SkillRank;
  rankRefreshes: schema.RankRefresh;
  sealedRanges: schema.SealedRange;
  seals: schema.Seal;
  skills: schema.Skill;
  userSkills: schema.UserSkill;
  auditLog: schema.AuditLogRow;
  events: schema.Event;
  notifications: schema.Notification;
  safetyIncidents: schema.SafetyIncident;
}

/** What an insert takes; tables that only triggers write have no such type. */
interface Inserted {
  chatMessages: schema.NewChatMessage;
  chatSessions: schema.NewChatSession;
  aiPersonalities: schema.NewAiPersonality;
  aiPersonalityRelationships: schema.NewAiPersonalityRelationship;
  assessments: schema.NewAssessment;
  courseCompletions: schema.NewCourseCompletion;
  courseModules: schema.NewCourseModule;
  courseRevisions: schema.NewCourseRevision;
  courses: schema.NewCourse;
  enrollments: schema.NewEnrollment;
  learningPathCourses: schema.NewLearningPathCourse;
  learningPathSkills: schema.NewLearningPathSkill;
  learningPaths: schema.NewLearningPath;
  modulePrerequisites: schema.NewModulePrerequisite;
  moduleProgress: schema.NewModuleProgress;
  progressEvents: schema.NewProgressEventRow;
  revisionModules: schema.NewRevisionModule;
  revisionPrerequisites: schema.NewRevisionPrerequisite;
  currencies: schema.NewCurrency;
  entries: schema.NewEntry;
  holds: schema.NewHold;
  miningActivities: schema.NewMiningActivity;
  paymentReferences: schema.NewPaymentReference;
  payments: schema.NewPayment;
  transactions: schema.NewLedgerTransactionRow;
  wallets: schema.NewWallet;
  tokens: schema.NewToken;
  userProfiles: schema.NewUserProfile;
  users: schema.NewUser;
  applicationSteps: schema.NewApplicationStep;
  jobApplications: schema.NewJobApplication;
  jobSkills: schema.NewJobSkill;
  jobs: schema.NewJob;
  occupationSkills: schema.NewOccupationSkill;
  occupations: schema.NewOccupation;
  skillEndorsements: schema.NewSkillEndorsement;
  skills: schema.NewSkill;
  userSkills: schema.NewUserSkill;
  auditLog: schema.NewAuditLogRow;
  events: schema.NewEvent;
  notifications: schema.NewNotification;
  safetyIncidents: schema.NewSafetyIncident;
}

type TableKey = {
  [Key in keyof typeof schema]: (typeof schema)[Key] extends PgTable ? Key : never;
}[keyof typeof schema];

type WrittenByTriggers =
  | 'jobVectors'
  | 'skillPostings'
  | 'leftOutJobs'
  | 'packedJobs'
  | 'packedShares'
  | 'packedBounds'
  | 'skillRanks'
  | 'rankRefreshes'
  | 'occurrenceSums'
  | 'courseStatistics'
  | 'sealedRanges'
  | 'seals'
  | 'learnerDays';

describe('types of rows', () => {
  it('are exported for every table, as Drizzle infers them', () => {
    expectTypeOf<keyof Selected>().toEqualTypeOf<TableKey>();
    expectTypeOf<Selected>().toEqualTypeOf<{
      [Key in TableKey]: (typeof schema)[Key]['$inferSelect'];
    }>();
    expectTypeOf<Inserted>().toEqualTypeOf<{
      [Key in Exclude<TableKey, WrittenByTriggers>]: (typeof schema)[Key]['$inferInsert'];
    }>();
  });

  it('read money as bigint, times as Date and enums as their values', () => {
    expectTypeOf<schema.Wallet['posted']>().toEqualTypeOf<bigint>();
    expectTypeOf<schema.Entry['version']>().toEqualTypeOf<bigint>();
    expectTypeOf<schema.User['createdAt']>().toEqualTypeOf<Date>();
    expectTypeOf<schema.User['role']>().toEqualTypeOf<'STUDENT' | 'EDUCATOR' | 'ADMIN'>();
    expectTypeOf<schema.UserProfile['bio']>().toEqualTypeOf<string | null>();
  });

  it('ask an insert for what has no default, and take no generated column', () => {
    expectTypeOf<{ userId: string; currency: string }>().toExtend<schema.NewWallet>();
    expectTypeOf<{ currency: string }>().not.toExtend<schema.NewWallet>();
    expectTypeOf<schema.NewWallet>().not.toHaveProperty('address');
  });
});

describe('names of columns', () => {
  it('are the snake_case of their keys, so that either can be found by the other', () => {
    const tables = Object.values(schema).filter((value) => value instanceof PgTable);
    expect(tables.length).toBeGreaterThan(30);
    const odd = tables.flatMap((table) =>
      Object.entries(getTableColumns(table))
        .filter(([key, column]) => toSnakeCase(key) !== column.name)
        .map(([key]) => `${getTableConfig(table).name}.${key}`),
    );
    expect(odd).toEqual([]);
  });
});

function toSnakeCase(key: string): string {
  return key.replace(/[A-Z]|[0-9]+/g, (letter) => `_${letter.toLowerCase()}`);
}
