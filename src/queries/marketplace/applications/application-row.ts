import { z } from 'zod';
import { columns, type RowOf } from '../../../db/columns.ts';
import {
  applicationStatus,
  jobApplications,
} from '../../../schema/marketplace/job-applications.ts';

/** How far an application is. */
export type ApplicationStatus = (typeof applicationStatus.enumValues)[number];

export const applicationStatusField = z.enum(applicationStatus.enumValues);

export const applicationColumns = columns(jobApplications, [
  'userId',
  'jobId',
  'status',
  'coverLetter',
  'resume',
  'matchScore',
  'appliedAt',
  'statusChangedAt',
  'statusChangedBy',
  'withdrawnAt',
]);

/** An application as it stands. `matchScore` is 0 to 10,000 basis points, of when it was made. */
export type ApplicationRow = RowOf<typeof applicationColumns>;
