export {
  insertAiPersonality,
  insertAiPersonalityRelationship,
  insertChatMessage,
  insertChatSession,
} from './ai.ts';
export {
  insertCourse,
  insertCourseModule,
  insertCourseRevision,
  insertCourseStatistics,
  insertModulePrerequisite,
  insertRevisionModule,
  insertRevisionPrerequisite,
} from './courses.ts';
export {
  insertAssessment,
  insertCourseCompletion,
  insertEnrollment,
  insertLearnerDays,
  insertLearningPath,
  insertLearningPathCourse,
  insertLearningPathSkill,
  insertModuleProgress,
  insertProgressEvent,
} from './education.ts';
export type { Factory, Overrides } from './factory.ts';
export {
  insertCurrency,
  insertEntry,
  insertHold,
  insertMiningActivity,
  insertPayment,
  insertPaymentReference,
  insertTransaction,
  insertWallet,
} from './finance.ts';
export { insertToken, insertUser, insertUserProfile } from './identity.ts';
export {
  insertJob,
  insertJobApplication,
  insertJobSkill,
  insertOccupation,
  insertOccupationSkill,
  insertSkill,
  insertSkillEndorsement,
  insertSkillRank,
  insertUserSkill,
} from './marketplace.ts';
export {
  insertAuditLogRow,
  insertEvent,
  insertNotification,
  insertSafetyIncident,
} from './platform.ts';
