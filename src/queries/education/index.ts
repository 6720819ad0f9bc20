export type { AssessmentResult } from './assessments/assessment.ts';
export { type CreateAssessmentParams, createAssessment } from './assessments/create-assessment.ts';
export { type GradeAssessmentParams, gradeAssessment } from './assessments/grade-assessment.ts';
export { type StartAssessmentParams, startAssessment } from './assessments/start-assessment.ts';
export { type SubmitAssessmentParams, submitAssessment } from './assessments/submit-assessment.ts';
export {
  type CreateCourseParams,
  createCourse,
  type DraftCourse,
} from './courses/create-course.ts';
export { type CourseStats, getCourseStats } from './courses/get-course-stats.ts';
export type { DraftModule, ModuleInput } from './courses/module-input.ts';
export {
  type MovedEnrollment,
  type MoveEnrollmentsParams,
  type MoveOutcome,
  moveEnrollments,
} from './courses/move-enrollments.ts';
export {
  type PublishCourseParams,
  publishCourse,
  type RevisionPolicy,
} from './courses/publish-course.ts';
export { type ReviseCourseParams, reviseCourse } from './courses/revise-course.ts';
export { type DropEnrollmentParams, dropEnrollment } from './enrollments/drop-enrollment.ts';
export { CourseNotOpenError, type EnrollParams, enroll } from './enrollments/enroll.ts';
export type { EnrollmentProgress } from './enrollments/enrollment.ts';
export {
  getLearningPathProgress,
  type LearningPathCourseProgress,
  type LearningPathProgress,
} from './progress/get-learning-path-progress.ts';
export {
  type CourseProgress,
  getProgress,
  type ModuleProgressItem,
} from './progress/get-progress.ts';
export { getStreak, type Streak } from './progress/get-streak.ts';
export {
  type AtRiskLearner,
  type ListAtRiskLearnersParams,
  listAtRiskLearners,
  type RiskReason,
} from './progress/list-at-risk-learners.ts';
export {
  type CourseProgressItem,
  type ListCourseProgressParams,
  listCourseProgress,
} from './progress/list-course-progress.ts';
export { type LearnerProgressItem, listLearnerProgress } from './progress/list-learner-progress.ts';
export {
  type ProgressEvent,
  type RecordProgressParams,
  type RecordProgressResult,
  type RejectedEvent,
  type RejectionReason,
  recordProgress,
} from './progress/record-progress.ts';
export type { ProgressFindingKind } from './progress/verify/finding.ts';
export { type VerifyProgressParams, verifyProgress } from './progress/verify-progress.ts';
