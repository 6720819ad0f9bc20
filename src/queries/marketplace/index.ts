export type { ApplicationRow, ApplicationStatus } from './application-row.ts';
export { applyToJob } from './apply-to-job.ts';
export { closeJob } from './close-job.ts';
export { type CreateJobParams, createJob } from './create-job.ts';
export { endorseSkill } from './endorse-skill.ts';
export { expireJobs } from './expire-jobs.ts';
export { findSkillGaps, type SkillGap } from './find-skill-gaps.ts';
export type { JobDetails } from './job-fields.ts';
export { listApplicationSteps } from './list-application-steps.ts';
export { listJobApplications } from './list-job-applications.ts';
export { type ListedJob, type ListJobsParams, listJobs } from './list-jobs.ts';
export { listUserApplications } from './list-user-applications.ts';
export {
  type CandidateMatch,
  type MatchCandidatesParams,
  matchCandidates,
} from './match-candidates.ts';
export { type JobMatch, type MatchJobsParams, matchJobs } from './match-jobs.ts';
export { moveApplication } from './move-application.ts';
export { type PackJobsOptions, packJobs } from './pack-jobs.ts';
export { type RefreshSkillRanksOptions, refreshSkillRanks } from './refresh-skill-ranks.ts';
export { type MatchScore, scoreMatch } from './score-match.ts';
export { setJobSkills, type WantedSkill } from './set-job-skills.ts';
export { type HeldSkill, setUserSkills } from './set-user-skills.ts';
export type { SkillFit, SkillFits, SkillLevelName } from './skill-fit.ts';
export { updateJob } from './update-job.ts';
export { type JobIndexProblem, verifyJobIndex } from './verify-job-index.ts';
export { verifySkill } from './verify-skill.ts';
export { withdrawApplication } from './withdraw-application.ts';
