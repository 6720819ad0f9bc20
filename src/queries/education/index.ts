export type { AssessmentResult } from './assessment.ts';
export { type CreateAssessmentParams, createAssessment } from './create-assessment.ts';
export { type CreateCourseParams, createCourse, type DraftCourse } from './create-course.ts';
export { type DropEnrollmentParams, dropEnrollment } from './drop-enrollment.ts';
export { type EnrollParams, enroll } from './enroll.ts';
export type { EnrollmentProgress } from './enrollment.ts';
export { CourseNotOpenError } from './errors.ts';
export { type CourseStats, getCourseStats } from './get-course-stats.ts';
export {
  getLearningPathProgress,
  type LearningPathCourseProgress,
  type LearningPathProgress,
} from './get-learning-path-progress.ts';
export { type CourseProgress, getProgress, type ModuleProgressItem } from './get-progress.ts';
export { getStreak, type Streak } from './get-streak.ts';
export { type GradeAssessmentParams, gradeAssessment } from './grade-assessment.ts';
export {
  type AtRiskLearner,
  type ListAtRiskLearnersParams,
  listAtRiskLearners,
  type RiskReason,
} from './list-at-risk-learners.ts';
export {
  type CourseProgressItem,
  type ListCourseProgressParams,
  listCourseProgress,
} from './list-course-progress.ts';
export { type LearnerProgressItem, listLearnerProgress } from './list-learner-progress.ts';
export type { DraftModule, ModuleInput } from './module-input.ts';
export {
  type MovedEnrollment,
  type MoveEnrollmentsParams,
  type MoveOutcome,
  moveEnrollments,
} from './move-enrollments.ts';
export { type PublishCourseParams, publishCourse, type RevisionPolicy } from './publish-course.ts';
export {
  type ProgressEvent,
  type RecordProgressParams,
  type RecordProgressResult,
  type RejectedEvent,
  type RejectionReason,
  recordProgress,
} from './record-progress.ts';
export { type ReviseCourseParams, reviseCourse } from './revise-course.ts';
export { type StartAssessmentParams, startAssessment } from './start-assessment.ts';
export { type SubmitAssessmentParams, submitAssessment } from './submit-assessment.ts';
export {
  type ProgressDifference,
  type ProgressVerification,
  type VerifyProgressParams,
  verifyProgress,
} from './verify-progress.ts';
