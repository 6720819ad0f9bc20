import { type AzoraDbError, ConstraintError, InvalidInputError, NotFoundError } from '../errors.ts';
import {
  AlreadyExistsError,
  JobNotOpenError,
  UnknownCurrencyError,
  WalletNotEmptyError,
} from '../rule-errors.ts';

type Rule = () => AzoraDbError;

const noRow =
  (entity: string, ...keys: string[]): Rule =>
  () =>
    new NotFoundError(entity, keys);
const taken =
  (entity: string, ...keys: string[]): Rule =>
  () =>
    new AlreadyExistsError(entity, keys);
const invalid =
  (field: string, rule: string): Rule =>
  () =>
    new InvalidInputError(field, rule);

const noUser = noRow('user', 'userId');
const noCourse = noRow('course', 'courseId');
const noSkill = noRow('skill', 'skillId');
const noCurrency: Rule = () => new UnknownCurrencyError();

/**
 * What it means to a caller of the query functions that a constraint was broken: one class and one
 * code for each rule, in whichever function it is met. docs/errors.md has the same table.
 */
export const constraintRules: Readonly<Record<string, Rule>> = {
  users_email_form_check: invalid('email', 'must be an address such as name@example.com'),
  users_email_length_check: invalid('email', 'must be at most 254 characters long'),
  users_email_key: taken('user', 'email'),

  wallets_holder_id_fkey: noUser,
  wallets_currency_fkey: noCurrency,
  wallets_closed_is_empty_check: () => new WalletNotEmptyError(),
  payments_user_id_fkey: noUser,
  payments_course_id_fkey: noCourse,
  payments_currency_fkey: noCurrency,
  mining_activities_user_id_fkey: noUser,

  courses_pkey: taken('course', 'id'),
  courses_instructor_id_fkey: noRow('user', 'instructorId'),
  courses_currency_fkey: noCurrency,
  courses_publish_open_check: invalid('courseId', 'must be a course that is not archived'),
  courses_publish_has_modules_check: invalid('modules', 'must hold a module that is not optional'),
  courses_publish_acyclic_check: invalid('modules', 'must have prerequisites without a cycle'),
  courses_publish_prerequisites_needed_check: invalid(
    'modules',
    'must not ask for more prerequisites than there are',
  ),
  enrollments_user_id_fkey: noUser,
  enrollments_dropped_after_enrolled_check: invalid(
    'droppedAt',
    'must not be before the enrollment',
  ),
  assessments_pkey: taken('assessment', 'userId', 'id'),
  assessments_user_id_fkey: noUser,
  assessments_course_id_fkey: noCourse,
  assessments_submitted_after_started_check: invalid(
    'submittedAt',
    'must not be before the assessment was started',
  ),
  assessments_completed_after_submitted_check: invalid(
    'gradedAt',
    'must not be before the assessment was submitted',
  ),

  jobs_posted_by_fkey: noRow('user', 'postedBy'),
  jobs_currency_fkey: noCurrency,
  jobs_place_check: invalid('location', 'is required unless the job is remote'),
  jobs_salary_range_check: invalid('salaryMax', 'must be at least salaryMin'),
  jobs_salary_has_currency_check: invalid('currency', 'is required with a salary'),
  jobs_expires_after_posted_check: invalid('expiresAt', 'must be after postedAt'),
  job_skills_skill_id_fkey: noSkill,
  job_applications_pkey: taken('application', 'userId', 'jobId'),
  job_applications_user_id_fkey: noUser,
  job_applications_user_active_check: noUser,
  job_applications_job_id_fkey: noRow('job', 'jobId'),
  job_applications_job_open_check: () => new JobNotOpenError(),
  job_applications_after_posted_check: invalid(
    'appliedAt',
    'must not be before the job was posted',
  ),
  job_applications_author_check: invalid(
    'changedBy',
    'must not be the applicant, who only answers an offer',
  ),
  job_applications_status_changed_by_fkey: noRow('user', 'changedBy'),
  user_skills_skill_id_fkey: noSkill,
  user_skills_verified_by_fkey: noRow('user', 'verifierId'),
  skill_endorsements_user_id_skill_id_fkey: noRow('user skill', 'userId', 'skillId'),
  skill_endorsements_endorser_id_fkey: noRow('user', 'endorserId'),
};

/**
 * What a broken constraint means to the caller of a query function, whose fields are in its
 * parameter `within`, if in one; any other error as it is.
 */
export function explain(error: unknown, within?: string): unknown {
  if (!(error instanceof ConstraintError)) return error;
  const meant = ruleOf(error.constraint)?.();
  if (meant === undefined) return error;
  const isInside = within !== undefined && meant instanceof InvalidInputError;
  return foundBy(
    isInside ? new InvalidInputError(`${within}.${meant.field}`, meant.rule) : meant,
    error,
  );
}

/** The rule in words of ours, which are the same whatever language the server speaks. */
export function wordsOf(constraint: string | undefined): string | undefined {
  return ruleOf(constraint)?.().message;
}

/**
 * The same error, with the constraint by which the database found it. Not enumerable, so that an
 * error of one class prints and compares alike however it was found.
 */
export function foundBy<E extends AzoraDbError>(error: E, found: ConstraintError): E {
  return Object.defineProperties(error, {
    constraint: { value: found.constraint },
    sqlState: { value: found.sqlState },
  });
}

function ruleOf(constraint = ''): Rule | undefined {
  return Object.hasOwn(constraintRules, constraint) ? constraintRules[constraint] : undefined;
}
