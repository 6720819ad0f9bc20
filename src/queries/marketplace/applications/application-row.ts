import { z } from 'zod';

/** The statuses of an application, in the order in which it moves. ACCEPTED and REJECTED are its ends. */
const applicationStatuses = [
  'PENDING',
  'REVIEWING',
  'SHORTLISTED',
  'INTERVIEWED',
  'OFFERED',
  'ACCEPTED',
  'REJECTED',
] as const;
export type ApplicationStatus = (typeof applicationStatuses)[number];

export const applicationStatusField = z.enum(applicationStatuses);

export interface ApplicationRow {
  userId: string;
  jobId: string;
  status: ApplicationStatus;
  coverLetter: string | null;
  resume: string | null;
  /** The match score when the user applied, in basis points. */
  matchScore: number | null;
  appliedAt: Date;
  statusChangedAt: Date;
  statusChangedBy: string | null;
  withdrawnAt: Date | null;
}

export const applicationColumns = `user_id as "userId", job_id as "jobId", status, cover_letter as "coverLetter", resume,
    match_score as "matchScore", applied_at as "appliedAt", status_changed_at as "statusChangedAt",
    status_changed_by as "statusChangedBy", withdrawn_at as "withdrawnAt"`;
