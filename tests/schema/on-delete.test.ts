import { expect, it } from 'vitest';
import { useTestDatabase } from '../setup/test-database.ts';
import { readCatalog } from './catalog.ts';

const database = useTestDatabase();

/**
 * What happens to a row when the row that it points to is deleted. Part of its parent: cascade.
 * Evidence, money and history: restrict. A mere note of who did it: set null. Rows that point to each
 * other and go together: no action, which is checked at the end.
 */
const decided: Record<string, string> = {
  ai_personality_relationships_personality_id_fkey: 'cascade',
  ai_personality_relationships_related_id_fkey: 'cascade',
  application_steps_changed_by_fkey: 'set null',
  application_steps_user_id_job_id_fkey: 'cascade',
  assessments_course_id_fkey: 'restrict',
  assessments_user_id_fkey: 'cascade',
  audit_log_actor_id_fkey: 'restrict',
  chat_messages_user_id_session_id_fkey: 'cascade',
  chat_sessions_personality_id_fkey: 'restrict',
  chat_sessions_user_id_fkey: 'cascade',
  course_completions_user_id_course_id_fkey: 'cascade',
  course_modules_course_id_fkey: 'cascade',
  course_revisions_course_id_fkey: 'restrict',
  course_statistics_course_id_fkey: 'cascade',
  courses_currency_fkey: 'restrict',
  courses_id_revision_fkey: 'no action',
  courses_instructor_id_fkey: 'restrict',
  enrollments_completion_fkey: 'no action',
  enrollments_course_id_fkey: 'restrict',
  enrollments_course_id_revision_fkey: 'restrict',
  enrollments_user_id_fkey: 'cascade',
  entries_transaction_fkey: 'restrict',
  entries_user_id_currency_fkey: 'restrict',
  holds_placed_by_fkey: 'restrict',
  holds_resolution_fkey: 'restrict',
  holds_user_id_currency_fkey: 'restrict',
  job_applications_job_id_fkey: 'restrict',
  job_applications_status_changed_by_fkey: 'set null',
  job_applications_user_id_fkey: 'cascade',
  job_skills_job_id_fkey: 'cascade',
  job_skills_skill_id_fkey: 'restrict',
  jobs_currency_fkey: 'restrict',
  jobs_posted_by_fkey: 'set null',
  learner_days_user_id_fkey: 'cascade',
  learning_path_courses_course_id_fkey: 'restrict',
  learning_path_courses_learning_path_id_fkey: 'cascade',
  learning_path_skills_learning_path_id_fkey: 'cascade',
  learning_path_skills_skill_id_fkey: 'restrict',
  mining_activities_transaction_fkey: 'restrict',
  mining_activities_user_id_fkey: 'restrict',
  module_prerequisites_course_id_module_id_fkey: 'cascade',
  module_prerequisites_course_id_prerequisite_id_fkey: 'cascade',
  module_progress_course_id_module_id_fkey: 'restrict',
  module_progress_user_id_course_id_fkey: 'cascade',
  notifications_user_id_fkey: 'cascade',
  occurrence_sums_user_id_currency_fkey: 'restrict',
  payment_references_payment_fkey: 'cascade',
  payments_course_id_fkey: 'restrict',
  payments_currency_fkey: 'restrict',
  payments_transaction_fkey: 'restrict',
  payments_user_id_fkey: 'restrict',
  progress_events_module_progress_fkey: 'cascade',
  revision_modules_course_id_module_id_fkey: 'no action',
  revision_modules_course_id_revision_fkey: 'cascade',
  revision_prerequisites_module_fkey: 'cascade',
  revision_prerequisites_prerequisite_fkey: 'cascade',
  safety_incidents_user_id_fkey: 'cascade',
  sealed_ranges_last_entry_fkey: 'restrict',
  sealed_ranges_seal_number_fkey: 'restrict',
  occupation_skills_occupation_id_fkey: 'cascade',
  occupation_skills_skill_id_fkey: 'restrict',
  skill_endorsements_endorser_id_fkey: 'cascade',
  skill_endorsements_user_id_skill_id_fkey: 'cascade',
  skill_ranks_skill_id_fkey: 'cascade',
  tokens_user_id_fkey: 'cascade',
  transactions_reverses_fkey: 'restrict',
  user_profiles_user_id_fkey: 'cascade',
  user_skills_skill_id_fkey: 'restrict',
  user_skills_user_id_fkey: 'cascade',
  user_skills_verified_by_fkey: 'set null',
  wallets_currency_fkey: 'restrict',
  wallets_holder_id_fkey: 'restrict',
};

it('every foreign key does on delete what was decided for it', async () => {
  const rows = await readCatalog<{ name: string; action: string }>(
    database.db,
    `select
       conname as name,
       case confdeltype
         when 'a' then 'no action'
         when 'r' then 'restrict'
         when 'c' then 'cascade'
         when 'n' then 'set null'
         else 'set default'
       end as action
     from pg_constraint
     where connamespace = any($1::text[]::regnamespace[])
       and contype = 'f'
       and conparentid = 0`,
  );
  expect(Object.fromEntries(rows.map(({ name, action }) => [name, action]))).toEqual(decided);
});
