/** Ids of the demo rows: fixed, so that tests, docs and people can name them. */

const demoId = (group: string, number: number) =>
  `01900000-0000-7000-8000-${group}${number.toString(16).padStart(12 - group.length, '0')}`;

export const demoUsers = {
  student: demoId('a0', 1),
  educator: demoId('a0', 2),
  admin: demoId('a0', 3),
} as const;

export const demoPersonalities = {
  elara: demoId('b0', 1),
  sankofa: demoId('b0', 2),
  themba: demoId('b0', 3),
} as const;

/** Where a skill of the same name exists already, the demo uses that one instead. */
export const demoSkills = {
  javascript: 1,
  python: 2,
  react: 3,
  nodejs: 4,
  sql: 5,
} as const;

export const demoCourses = {
  web: demoId('c0', 1),
  databases: demoId('c0', 2),
} as const;

export const demoModules = {
  web: [demoId('c1', 1), demoId('c1', 2), demoId('c1', 3), demoId('c1', 4)],
  databases: [demoId('c2', 1), demoId('c2', 2), demoId('c2', 3)],
} as const;

export const demoLearningPath = demoId('c3', 1);
export const demoAssessment = demoId('c4', 1);
export const demoProgressEvents = [
  demoId('c5', 1),
  demoId('c5', 2),
  demoId('c5', 3),
  demoId('c5', 4),
] as const;

export const demoJobs = {
  frontend: demoId('d0', 1),
  data: demoId('d0', 2),
} as const;

export const demoMining = {
  assessment: demoId('e0', 1),
  contribution: demoId('e0', 2),
} as const;

export const demoChat = demoId('f0', 1);

export const demoNotifications = [demoId('f1', 1), demoId('f1', 2), demoId('f1', 3)] as const;

export const demoEvents = [demoId('f2', 1), demoId('f2', 2)] as const;
