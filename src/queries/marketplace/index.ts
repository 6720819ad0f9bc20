export type { ApplicationRow, ApplicationStatus } from './applications/application-row.ts';
export { applyToJob } from './applications/apply-to-job.ts';
export { listApplicationSteps } from './applications/list-application-steps.ts';
export { listJobApplications, listUserApplications } from './applications/list-applications.ts';
export { moveApplication } from './applications/move-application.ts';
export { withdrawApplication } from './applications/withdraw-application.ts';
export { closeJob } from './jobs/close-job.ts';
export { type CreateJobParams, createJob } from './jobs/create-job.ts';
export { expireJobs } from './jobs/expire-jobs.ts';
export type { JobDetails } from './jobs/job-fields.ts';
export { type ListJobsParams, listJobs } from './jobs/list-jobs.ts';
export type { ListedJob } from './jobs/listed-job.ts';
export { setJobSkills, type WantedSkill } from './jobs/set-job-skills.ts';
export { updateJob } from './jobs/update-job.ts';
export { type PackJobsOptions, packJobs } from './matching/blocks/pack-jobs.ts';
export { findSkillGaps, type SkillGap } from './matching/find-skill-gaps.ts';
export {
  type CandidateMatch,
  type MatchCandidatesParams,
  matchCandidates,
} from './matching/match-candidates.ts';
export { type JobMatch, type MatchJobsParams, matchJobs } from './matching/match-jobs.ts';
export {
  type RefreshSkillRanksOptions,
  refreshSkillRanks,
} from './matching/postings/refresh-skill-ranks.ts';
export { type MatchScore, scoreMatch } from './matching/score-match.ts';
export type { SkillFit, SkillFits, SkillLevelName } from './matching/skill-fit.ts';
export { type JobIndexFindingKind, verifyJobIndex } from './matching/verify-job-index.ts';
export { endorseSkill } from './skills/endorse-skill.ts';
export { type HeldSkill, setUserSkills } from './skills/set-user-skills.ts';
export { verifySkill } from './skills/verify-skill.ts';
