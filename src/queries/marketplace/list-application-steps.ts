import { and, asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../connect.ts';
import {
  type ApplicationStep,
  applicationSteps,
} from '../../schema/marketplace/application-steps.ts';
import { parseInput, uuid } from '../../validate.ts';

const input = z.strictObject({ userId: uuid, jobId: uuid });

/**
 * What an application went through, first step first: each status, since when, and by whom. At most eight rows; none when
 * the user did not apply.
 *
 * @throws InvalidInputError
 */
export async function listApplicationSteps(
  db: Db,
  params: { userId: string; jobId: string },
): Promise<ApplicationStep[]> {
  const { userId, jobId } = parseInput(input, params);
  return db
    .select()
    .from(applicationSteps)
    .where(and(eq(applicationSteps.userId, userId), eq(applicationSteps.jobId, jobId)))
    .orderBy(asc(applicationSteps.position))
    .limit(100);
}
