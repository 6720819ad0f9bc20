import { checksOf, longText, second } from './case.ts';

const ANY_ID = '01890000-0000-7000-8000-000000000000';
// Long after the job was posted, which is now.
const nextCentury = new Date(Date.UTC(2100, 0, 1));
const paid = { salaryMin: 5n, salaryMax: 5n, currency: 'ZAR' };

export const marketplaceChecks = [
  ...checksOf('marketplace.skills', {
    id_positive: { id: 0 },
    id_limit: [{ id: 268_435_455 }, { id: 268_435_456 }],
    name_length: { name: '' },
    source_uri_length: { sourceUri: '' },
    category_length: { category: longText(101) },
  }),
  ...checksOf('marketplace.occupations', {
    source_uri_length: { sourceUri: '' },
    name_length: { name: '' },
  }),
  ...checksOf(
    'marketplace.rank_refreshes',
    { number_not_negative: { number: -1n } },
    { withoutTriggers: true },
  ),
  ...checksOf('marketplace.user_skills', {
    endorsements_not_negative: { endorsements: -1 },
    verifier_needs_time: { verifiedBy: ANY_ID },
    verified_by_other: { userId: ANY_ID, verifiedBy: ANY_ID, verifiedAt: second(1) },
  }),
  ...checksOf('marketplace.jobs', {
    title_length: { title: '' },
    company_length: { company: '' },
    place: { remote: false },
    salary_min_not_negative: [paid, { salaryMin: -1n }],
    salary_range: [paid, { salaryMax: 4n }],
    salary_has_currency: [paid, { currency: null }],
    expires_after_posted: { postedAt: second(1), expiresAt: second(1) },
    deleted_after_created: [
      { createdAt: second(1), deletedAt: second(1) },
      { deletedAt: second(0) },
    ],
  }),
  ...checksOf('marketplace.job_applications', {
    status_changed_after_applied: [
      { appliedAt: nextCentury, statusChangedAt: nextCentury },
      { statusChangedAt: second(0) },
    ],
    match_score_range: [{ matchScore: 10_000 }, { matchScore: 10_001 }],
  }),
  ...checksOf(
    'marketplace.job_applications',
    {
      withdrawn_after_applied: [
        { appliedAt: nextCentury, statusChangedAt: nextCentury, withdrawnAt: nextCentury },
        { withdrawnAt: new Date(nextCentury.getTime() - 1) },
      ],
    },
    { withoutTriggers: true },
  ),
  ...checksOf('marketplace.application_steps', { position_positive: { position: 0 } }),
  ...checksOf('marketplace.skill_endorsements', {
    by_other: { userId: ANY_ID, skillId: 1, endorserId: ANY_ID },
  }),
];
