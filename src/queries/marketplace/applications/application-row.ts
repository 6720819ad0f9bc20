import { z } from 'zod';
import { columns, type RowOf } from '../../../db/columns.ts';
import {
  applicationStatus,
  jobApplications,
} from '../../../schema/marketplace/job-applications.ts';

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

export type ApplicationRow = RowOf<typeof applicationColumns>;
