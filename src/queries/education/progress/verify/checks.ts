import type { Db } from '../../../../db/session.ts';
import { statement } from '../../../../db/statement.ts';
import { keysOf, type ProgressFinding } from './finding.ts';

/** Which learners a check looks at, both ends included, in which course if not in all. */
export type Range = [firstId: string, lastId: string, courseId: string | null, limit: number];

const IN_RANGE = `user_id between $1 and $2
       and ($3::uuid is null or course_id = $3)`;

const MODULE_KEYS = keysOf('user_id', 'course_id', 'module_id');
const ENROLLMENT_KEYS = keysOf('user_id', 'course_id');

const LATEST_FIRST = 'order by occurred_at desc, event_id desc';
const WITH_POSITION = 'filter (where position is not null)';

// Each check is one statement, and so looks at one moment.
const selectModuleFindings = statement<ProgressFinding, Range>(
  'select_module_findings',
  `with expected as (
     select user_id, course_id, module_id,
       coalesce(max(percent), 0) as percent,
       (array_agg(position ${LATEST_FIRST}) ${WITH_POSITION})[1] as position,
       (array_agg(event_id ${LATEST_FIRST}) ${WITH_POSITION})[1] as position_event_id,
       max(occurred_at) ${WITH_POSITION} as position_at,
       min(occurred_at) as started_at,
       max(occurred_at) as last_activity_at,
       min(occurred_at) filter (where kind = 'completed') as completed_at
     from education.progress_events
     where ${IN_RANGE}
     group by user_id, course_id, module_id
   ),
   actual as (
     select *
     from education.module_progress
     where ${IN_RANGE}
   )
   select 'module' as kind, ${MODULE_KEYS}, fields.*
   from expected
   full join actual using (user_id, course_id, module_id)
   cross join lateral (values
     ('percent', expected.percent::text, actual.percent::text),
     ('position', expected.position, actual.position),
     ('position_event_id', expected.position_event_id::text, actual.position_event_id::text),
     ('position_at', expected.position_at::text, actual.position_at::text),
     ('started_at', expected.started_at::text, actual.started_at::text),
     ('last_activity_at', expected.last_activity_at::text, actual.last_activity_at::text),
     ('completed_at', expected.completed_at::text, actual.completed_at::text)
   ) as fields (field, expected, actual)
   where fields.expected is distinct from fields.actual
   order by user_id, course_id, module_id, field collate "C"
   limit $4`,
);

// The status follows from the weights; `completed_revision` says which revision the time of
// completion is of. Only KEEP moves learners to a revision that they have not completed and lets
// them stay COMPLETED. A client's clock may be a little behind the enrollment, which a completion
// never is.
const selectEnrollmentFindings = statement<ProgressFinding, Range>(
  'select_enrollment_findings',
  `with completed_modules as (
     select user_id, course_id, module_id, min(occurred_at) as completed_at
     from education.progress_events
     where kind = 'completed'
       and ${IN_RANGE}
     group by user_id, course_id, module_id
   ),
   activities as (
     select user_id, course_id, max(occurred_at) as last_activity_at
     from education.progress_events
     where ${IN_RANGE}
     group by user_id, course_id
   ),
   done_weights as (
     select user_id, course_id, sum(required.weight) as done_weight
     from education.enrollments
     join completed_modules using (user_id, course_id)
     join education.revision_modules as required using (course_id, revision, module_id)
     where not required.is_optional
     group by user_id, course_id
   ),
   completion_times as (
     select user_id, course_id,
       case
         when count(*) = count(completed_modules.completed_at)
           then greatest(min(enrollments.enrolled_at), max(completed_modules.completed_at))
       end as completed_at
     from education.enrollments
     join education.revision_modules as required using (course_id)
     left join completed_modules using (user_id, course_id, module_id)
     where required.revision = enrollments.completed_revision
       and not required.is_optional
       and ${IN_RANGE}
     group by user_id, course_id
   )
   select 'enrollment' as kind, ${ENROLLMENT_KEYS}, fields.*
   from education.enrollments
   join education.course_revisions as revisions using (course_id, revision)
   left join activities using (user_id, course_id)
   left join done_weights using (user_id, course_id)
   left join completion_times using (user_id, course_id)
   cross join lateral (values
     (
       'done_weight',
       coalesce(done_weights.done_weight, 0)::text,
       enrollments.done_weight::text
     ),
     ('total_weight', revisions.total_weight::text, enrollments.total_weight::text),
     (
       'last_activity_at',
       greatest(enrollments.enrolled_at, activities.last_activity_at)::text,
       enrollments.last_activity_at::text
     ),
     ('completed_at', completion_times.completed_at::text, enrollments.completed_at::text),
     (
       'status',
       case
         when coalesce(done_weights.done_weight, 0) = revisions.total_weight then 'COMPLETED'
         when enrollments.status = 'DROPPED' then 'DROPPED'
         when enrollments.completed_revision < enrollments.revision
           and revisions.policy = 'KEEP' then 'COMPLETED'
         else 'ACTIVE'
       end,
       enrollments.status::text
     )
   ) as fields (field, expected, actual)
   where ${IN_RANGE}
     and fields.expected is distinct from fields.actual
   order by user_id, course_id, field collate "C"
   limit $4`,
);

// A completion has its row, whose event is the only one in the outbox that tells of it. That event
// may be gone, since an outbox is emptied, unless it is younger than $5. Anyone can put events
// there, so their data is compared as text: what is not an id is nobody's, and so are the events of
// erased learners.
const selectCompletionFindings = statement<ProgressFinding, [...Range, keptSince: Date | null]>(
  'select_completion_findings',
  `with completed_enrollments as (
     select user_id, course_id, completed_revision::text as revision
     from education.enrollments
     where completed_revision is not null
       and ${IN_RANGE}
   ),
   completions as (
     select user_id, course_id, revision::text as revision, event_id, published_at
     from education.course_completions
     where ${IN_RANGE}
   ),
   unearned as (
     select user_id, course_id, revision::text as revision
     from education.course_completions as completions
     left join education.course_revisions as revisions using (course_id, revision)
     where ${IN_RANGE}
       and (
         revisions.revision is null
         or exists (
           select
           from education.enrollments
           where enrollments.user_id = completions.user_id
             and enrollments.course_id = completions.course_id
             and enrollments.revision < completions.revision
         )
         or exists (
           select
           from education.revision_modules as required
           where required.course_id = completions.course_id
             and required.revision = completions.revision
             and not required.is_optional
             and not exists (
               select
               from education.progress_events as events
               where events.user_id = completions.user_id
                 and events.course_id = completions.course_id
                 and events.module_id = required.module_id
                 and events.kind = 'completed'
             )
         )
       )
   ),
   published as (
     select user_id, course_id, coalesce(data ->> 'revision', 'null') as revision,
       count(*) as events, min(events.id::text collate "C")::uuid as event_id
     from platform.events
     join education.enrollments
       on enrollments.user_id::text = data ->> 'userId'
       and enrollments.course_id::text = data ->> 'courseId'
     where type = 'course.completed'
       and ${IN_RANGE}
     group by user_id, course_id, data ->> 'revision'
   )
   select 'completion' as kind, ${ENROLLMENT_KEYS},
     'course.completed' as field, '1' as expected,
     case
       when unearned.user_id is not null
         then 'a completion that was not earned of revision ' || revision
       when completed_enrollments.revision is not null and completions.event_id is null
         then 'no completion row for revision ' || revision
       when completions.event_id is null
         then 'an event without a completion of revision ' || revision
       when published.events = 1
         then 'an event with another id than that of the completion of revision ' || revision
       else coalesce(published.events, 0)::text
     end as actual
   from completed_enrollments
   full join completions using (user_id, course_id, revision)
   full join published using (user_id, course_id, revision)
   left join unearned using (user_id, course_id, revision)
   where completions.event_id is null
     or unearned.user_id is not null
     or published.events > 1
     or published.event_id <> completions.event_id
     or (published.event_id is null and completions.published_at >= $5::timestamptz)
   order by user_id, course_id, revision collate "C"
   limit $4`,
);

const selectStreakFindings = statement<ProgressFinding, Range>(
  'select_streak_findings',
  `with active_days as (
     select distinct events.user_id,
       (events.occurred_at at time zone coalesce(profiles.time_zone, 'UTC'))::date as day
     from education.progress_events as events
     left join identity.user_profiles as profiles
       on profiles.user_id = events.user_id
     where events.user_id between $1 and $2
   ),
   expected as (
     select user_id, range_agg(daterange(day, day, '[]')) as days
     from active_days
     group by user_id
   ),
   actual as (
     select user_id, days
     from education.learner_days
     where user_id between $1 and $2
   )
   select 'streak' as kind, ${keysOf('user_id')}, 'days' as field,
     coalesce(expected.days, '{}')::text as expected,
     coalesce(actual.days, '{}')::text as actual
   from expected
   full join actual using (user_id)
   where $3::uuid is null
     and coalesce(expected.days, '{}') <> coalesce(actual.days, '{}')
   order by user_id
   limit $4`,
);

/** What to look at for a range of learners, in this order. */
export const learnerChecks: ((
  db: Db,
  range: Range,
  keptSince: Date | null,
) => Promise<ProgressFinding[]>)[] = [
  selectModuleFindings,
  selectEnrollmentFindings,
  (db, range, keptSince) => selectCompletionFindings(db, [...range, keptSince]),
  selectStreakFindings,
];
