import { checksOf, longText, second } from './case.ts';

const started = { status: 'IN_PROGRESS', startedAt: second(1) };
const submitted = { ...started, status: 'SUBMITTED', submittedAt: second(2), answers: [1] };
const graded = { ...submitted, status: 'GRADED', score: 10, completedAt: second(3) };
const archived = { status: 'ARCHIVED', revision: 1, publishedAt: second(1), archivedAt: second(1) };
const ANY_ID = '01890000-0000-7000-8000-000000000000';
const completed = {
  status: 'COMPLETED',
  doneWeight: 10,
  enrolledAt: second(1),
  completedAt: second(1),
  completedRevision: 1,
};
const dropped = {
  status: 'DROPPED',
  doneWeight: 10,
  enrolledAt: second(1),
  droppedAt: second(1),
};
const placed = { position: 'page-1', positionAt: second(1), positionEventId: ANY_ID };
const progressed = { startedAt: second(1), lastActivityAt: second(2) };

export const educationChecks = [
  ...checksOf('education.courses', {
    title_length: { title: '' },
    duration_positive: [{ durationMinutes: 1 }, { durationMinutes: 0 }],
    price_not_negative: { price: -1n },
  }),
  ...checksOf(
    'education.courses',
    {
      published_has_time: [archived, { status: 'PUBLISHED', publishedAt: null, archivedAt: null }],
      published_has_revision: [archived, { revision: null }],
      archived_has_time: [archived, { archivedAt: null }],
      archived_after_published: [archived, { archivedAt: second(0) }],
    },
    // The revision that it names is not there.
    { withoutTriggers: true },
  ),
  ...checksOf('education.course_modules', {
    position_not_negative: { position: -1 },
    title_length: { title: longText(201) },
    weight_range: [{ weight: 10_000 }, { weight: 0 }],
    prerequisites_needed: [{ prerequisitesNeeded: 1 }, { prerequisitesNeeded: 0 }],
    removed_has_no_position: [{ removedAt: second(1), position: null }, { position: 1 }],
  }),
  ...checksOf('education.module_prerequisites', {
    not_itself: { moduleId: ANY_ID, prerequisiteId: ANY_ID },
  }),
  ...checksOf('education.course_revisions', {
    revision_positive: { revision: 0 },
    total_weight_positive: { totalWeight: 0 },
    module_count_positive: { moduleCount: 0 },
    prerequisite_count: { prerequisiteCount: -1 },
  }),
  ...checksOf('education.revision_modules', {
    weight_positive: { weight: 0 },
    prerequisites_needed: { prerequisitesNeeded: -1 },
  }),
  ...checksOf('education.course_completions', { revision_positive: { revision: 0 } }),
  ...checksOf('education.progress_events', {
    percent_range: [{ percent: 100 }, { percent: 101 }],
    completed_is_whole: [{ kind: 'completed', percent: 100 }, { percent: null }],
    position_length: [{ position: longText(1_000) }, { position: longText(1_001) }],
  }),
  ...checksOf('education.enrollments', {
    total_weight_positive: [dropped, { totalWeight: 0, doneWeight: 0 }],
    done_weight_range: [dropped, { doneWeight: 11 }],
    completed_has_time: [completed, { completedAt: null }],
    completed_has_revision: [completed, { completedRevision: null }],
    completed_has_whole_weight: [completed, { doneWeight: 9 }],
    completed_revision: [completed, { completedRevision: 2 }],
    completed_after_enrolled: [completed, { completedAt: second(0) }],
    active_has_weight_left: [{ doneWeight: 9 }, { doneWeight: 10 }],
    dropped_has_time: [dropped, { droppedAt: null }],
    dropped_after_enrolled: [dropped, { droppedAt: second(0) }],
    activity_after_enrolled: [
      { enrolledAt: second(1), lastActivityAt: second(1) },
      { lastActivityAt: second(0) },
    ],
  }),
  ...checksOf('education.module_progress', {
    percent_range: [{ percent: 100 }, { percent: 101 }],
    completed_is_whole: [{ ...progressed, percent: 100, completedAt: second(2) }, { percent: 99 }],
    completed_after_started: [
      { ...progressed, percent: 100, completedAt: second(1) },
      { completedAt: second(0) },
    ],
    activity_after_started: [progressed, { lastActivityAt: second(0) }],
    position_has_time: [placed, { positionAt: null }],
    position_has_event: [placed, { positionEventId: null }],
  }),
  ...checksOf('education.assessments', {
    title_length: { title: '' },
    questions_array: { questions: {} },
    answers_array: [{ answers: [] }, { answers: {} }],
    max_score_positive: { maxScore: 0 },
    pass_percent_range: [{ passPercent: 100 }, { passPercent: 0 }],
    score_within_max: [graded, { score: 11 }],
    graded_has_score: [graded, { score: null }],
    graded_has_time: [graded, { completedAt: null }],
    started_has_time: [started, { startedAt: null }],
    submitted_has_time: [submitted, { submittedAt: null }],
    submitted_has_answers: [submitted, { answers: null }],
    submitted_after_started: [submitted, { submittedAt: second(0) }],
    completed_after_submitted: [graded, { completedAt: second(1) }],
  }),
  ...checksOf('education.learning_paths', {
    title_length: { title: '' },
    duration_positive: { durationHours: 0 },
  }),
  ...checksOf('education.learning_path_courses', {
    position_not_negative: { position: -1 },
  }),
];
