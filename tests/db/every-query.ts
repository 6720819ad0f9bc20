import { randomUUID } from 'node:crypto';
import {
  demoCourses,
  demoJobs,
  demoLearningPath,
  demoModules,
  demoSkills,
  demoUsers,
} from '../../seeds/demo/index.ts';
import type { Db } from '../../src/db/session.ts';
import * as education from '../../src/queries/education/index.ts';
import * as finance from '../../src/queries/finance/index.ts';
import * as marketplace from '../../src/queries/marketplace/index.ts';

/** What earlier calls returned, by name. */
// biome-ignore lint/suspicious/noExplicitAny: the results of sixty functions
type Seen = Record<string, any>;
type Call = (db: Db, seen: Seen) => unknown;

const { student, educator, admin } = demoUsers;
const rand = { userId: student, currency: 'ZAR' };
const now = new Date('2026-06-01T10:00:00.000Z');
const inAYear = new Date(Date.now() + 365 * 86_400_000);
const job = { userId: admin, jobId: demoJobs.frontend };
const { python, react, sql } = demoSkills;
const hold = { ...rand, amount: 70n, expiresAt: inAYear };
const payment = { userId: student, amount: 90n, currency: 'ZAR', provider: 'a bank' } as const;
const work = { userId: student, type: 'PEER_TEACHING', tokensEarned: 5n } as const;
const modules = [{ title: 'One', content: 'first' }];
const event = {
  eventId: randomUUID(),
  userId: admin,
  courseId: demoCourses.web,
  moduleId: demoModules.web[0] ?? '',
  kind: 'progressed',
  percent: 40,
  position: 'minute 3',
} as const;

/** A call of every query function, on the demo's data and on what the calls before it left. A second one is named so. */
export const calls: Record<string, Call> = {
  openWallet: (db) => finance.openWallet(db, { userId: admin, currency: 'USD' }),
  'openWallet, refused': (db) => finance.openWallet(db, { userId: admin, currency: 'XXX' }),
  deposit: (db) => finance.deposit(db, { ...rand, amount: 9_007n, idempotencyKey: 'in' }),
  withdraw: (db) => finance.withdraw(db, { ...rand, amount: 7n, idempotencyKey: 'out' }),
  'withdraw, refused': (db) =>
    finance.withdraw(db, { ...rand, amount: 2n ** 60n, idempotencyKey: 'too much' }),
  transfer: (db) => {
    const to = { userId: educator, currency: 'ZAR' };
    return finance.transfer(db, { from: rand, to, amount: 50n, idempotencyKey: 'move' });
  },
  createTransferCombiner: (db) => {
    const combiner = finance.createTransferCombiner(db);
    const from = { system: 'EXTERNAL', currency: 'ZAR' } as const;
    return combiner.transfer({ from, to: rand, amount: 3n, idempotencyKey: 'combined' });
  },
  postTransfers: (db) => {
    const one = { from: rand, to: { userId: educator, currency: 'ZAR' }, amount: 1n };
    const transfers = [
      { ...one, idempotencyKey: 'batch 1', metadata: { a: [1] } },
      { ...one, amount: 2n ** 60n, idempotencyKey: 'batch 2' },
    ];
    return finance.postTransfers(db, { transfers });
  },
  getTransaction: (db, { transfer: { userId, id } }) => finance.getTransaction(db, { userId, id }),
  reverseTransaction: (db, { transfer: { userId, id } }) =>
    finance.reverseTransaction(db, { userId, transactionId: id, idempotencyKey: 'back' }),
  'transfer, to have something to exchange': (db) => {
    const from = { system: 'MINT', currency: 'AZR' } as const;
    const to = { system: 'LIQUIDITY', currency: 'AZR' } as const;
    return finance.transfer(db, { from, to, amount: 90n, idempotencyKey: 'liquidity' });
  },
  exchange: (db) =>
    finance.exchange(db, {
      userId: student,
      from: 'ZAR',
      to: 'AZR',
      amount: 10n,
      rate: { numerator: 3n, denominator: 1n },
      idempotencyKey: 'exchange',
    }),
  placeHold: (db) => finance.placeHold(db, { ...hold, idempotencyKey: 'hold 1' }),
  captureHold: (db, { placeHold }) =>
    finance.captureHold(db, {
      userId: student,
      holdId: placeHold.id,
      to: { system: 'FEES' },
      amount: 20n,
      idempotencyKey: 'capture',
    }),
  'placeHold, again': (db) => finance.placeHold(db, { ...hold, idempotencyKey: 'hold 2' }),
  releaseHold: (db, { 'placeHold, again': { id: holdId } }) =>
    finance.releaseHold(db, { userId: student, holdId, idempotencyKey: 'release' }),
  'releaseHold, refused': (db, { placeHold: { id: holdId } }) =>
    finance.releaseHold(db, { userId: student, holdId, idempotencyKey: 'release again' }),
  expireHolds: (db) => finance.expireHolds(db),
  getWallet: (db) => finance.getWallet(db, rand),
  'getWallet, refused': (db) => finance.getWallet(db, { userId: educator, currency: 'ETH' }),
  listWallets: (db) => finance.listWallets(db, { userId: student }),
  listStatement: (db) => finance.listStatement(db, { ...rand, limit: 3 }),
  getBalanceAt: (db) => finance.getBalanceAt(db, { ...rand, occurredAt: new Date() }),
  closeWallet: (db) => finance.closeWallet(db, { userId: admin, currency: 'USD' }),
  createPayment: (db) =>
    finance.createPayment(db, {
      ...payment,
      type: 'ENROLLMENT',
      courseId: demoCourses.databases,
      providerReference: 'paid',
    }),
  settlePayment: (db, { createPayment: { id } }) =>
    finance.settlePayment(db, { userId: student, id }),
  refundPayment: (db, { createPayment: { id } }) =>
    finance.refundPayment(db, { userId: student, id }),
  'createPayment, again': (db) =>
    finance.createPayment(db, { ...payment, type: 'DONATION', providerReference: 'declined' }),
  failPayment: (db, { 'createPayment, again': { id } }) =>
    finance.failPayment(db, { userId: student, id, reason: 'declined' }),
  submitMiningActivity: (db) =>
    finance.submitMiningActivity(db, { ...work, idempotencyKey: 'work 1' }),
  verifyMiningActivity: (db, { submitMiningActivity: { id } }) =>
    finance.verifyMiningActivity(db, { userId: student, id }),
  rewardMiningActivity: (db, { submitMiningActivity: { id } }) =>
    finance.rewardMiningActivity(db, { userId: student, id }),
  'submitMiningActivity, again': (db) =>
    finance.submitMiningActivity(db, { ...work, idempotencyKey: 'work 2' }),
  rejectMiningActivity: (db, { 'submitMiningActivity, again': { id } }) =>
    finance.rejectMiningActivity(db, { userId: student, id, reason: 'copied' }),
  auditLedger: (db) => finance.auditLedger(db),
  sealEntries: (db) => finance.sealEntries(db),
  verifySeals: (db) => finance.verifySeals(db),

  createCourse: (db) =>
    education.createCourse(db, { instructorId: educator, title: 'New', description: '', modules }),
  reviseCourse: (db, { createCourse: { id: courseId } }) =>
    education.reviseCourse(db, { courseId, modules: [...modules, ...modules] }),
  publishCourse: (db, { createCourse: { id: courseId } }) =>
    education.publishCourse(db, { courseId }),
  'publishCourse, refused': (db) => education.publishCourse(db, { courseId: randomUUID() }),
  enroll: (db) =>
    education.enroll(db, { userId: admin, courseId: demoCourses.web, enrolledAt: now }),
  'enroll, refused': (db) => education.enroll(db, { userId: admin, courseId: randomUUID() }),
  recordProgress: (db) =>
    education.recordProgress(db, {
      events: [
        { ...event, occurredAt: now },
        { ...event, eventId: randomUUID(), moduleId: randomUUID(), occurredAt: now },
      ],
    }),
  getProgress: (db) => education.getProgress(db, { userId: admin, courseId: demoCourses.web }),
  getStreak: (db) => education.getStreak(db, { userId: student, now }),
  listLearnerProgress: (db) => education.listLearnerProgress(db, { userId: student, limit: 1 }),
  listCourseProgress: (db) =>
    education.listCourseProgress(db, { courseId: demoCourses.web, limit: 1 }),
  'listCourseProgress, by activity': (db) =>
    education.listCourseProgress(db, {
      courseId: demoCourses.web,
      order: 'activity',
      limit: 1,
    }),
  listAtRiskLearners: (db) =>
    education.listAtRiskLearners(db, { courseId: demoCourses.web, limit: 1 }),
  getLearningPathProgress: (db) =>
    education.getLearningPathProgress(db, { userId: student, learningPathId: demoLearningPath }),
  getCourseStats: (db) => education.getCourseStats(db, { courseId: demoCourses.web }),
  moveEnrollments: (db) =>
    education.moveEnrollments(db, { courseId: demoCourses.web, revision: 1 }),
  dropEnrollment: (db) =>
    education.dropEnrollment(db, { userId: admin, courseId: demoCourses.web }),
  createAssessment: (db) =>
    education.createAssessment(db, { userId: admin, type: 'QUIZ', title: 'Quiz', maxScore: 9 }),
  'createAssessment, refused': (db) =>
    education.createAssessment(db, {
      userId: randomUUID(),
      type: 'QUIZ',
      title: 'Secret of a person',
      maxScore: 9,
    }),
  startAssessment: (db, { createAssessment: { id } }) =>
    education.startAssessment(db, { userId: admin, assessmentId: id }),
  submitAssessment: (db, { createAssessment: { id } }) =>
    education.submitAssessment(db, { userId: admin, assessmentId: id, answers: [{ a: 1 }] }),
  gradeAssessment: (db, { createAssessment: { id } }) =>
    education.gradeAssessment(db, { userId: admin, assessmentId: id, score: 7 }),
  'gradeAssessment, refused': (db, { createAssessment: { id } }) =>
    education.gradeAssessment(db, { userId: admin, assessmentId: id, score: 7 }),
  verifyProgress: (db) => education.verifyProgress(db),

  setUserSkills: (db) =>
    marketplace.setUserSkills(db, {
      userId: admin,
      skills: [
        { skillId: react, level: 'EXPERT' },
        { skillId: sql, level: 'BEGINNER' },
      ],
    }),
  endorseSkill: (db) =>
    marketplace.endorseSkill(db, { userId: admin, skillId: sql, endorserId: student }),
  'endorseSkill, refused': (db) =>
    marketplace.endorseSkill(db, { userId: admin, skillId: python, endorserId: student }),
  verifySkill: (db) => marketplace.verifySkill(db, { userId: admin, skillId: sql }),
  createJob: (db) =>
    marketplace.createJob(db, {
      title: 'Data engineer',
      description: 'Move data',
      company: 'Azora',
      remote: true,
      salaryMin: 2n ** 53n + 1n,
      currency: 'ZAR',
      expiresAt: inAYear,
      skills: [{ skillId: sql, level: 'ADVANCED' }],
    }),
  'createJob, refused': (db) =>
    marketplace.createJob(db, { title: 'Nowhere', description: '', company: 'Azora' }),
  setJobSkills: (db, { createJob: { id: jobId } }) => {
    const skills = [{ skillId: react, level: 'BEGINNER' as const }];
    return marketplace.setJobSkills(db, { jobId, skills });
  },
  updateJob: (db, { createJob: { id: jobId } }) =>
    marketplace.updateJob(db, { jobId, changes: { title: 'Engineer', salaryMax: 2n ** 53n + 3n } }),
  'updateJob, refused': (db, { createJob: { id: jobId } }) =>
    marketplace.updateJob(db, { jobId, changes: { salaryMax: 1n, title: 'Secret of a firm' } }),
  listJobs: (db) => marketplace.listJobs(db, { limit: 1 }),
  matchJobs: (db) => marketplace.matchJobs(db, { userId: student, limit: 1 }),
  matchCandidates: (db) => marketplace.matchCandidates(db, { jobId: demoJobs.frontend, limit: 1 }),
  scoreMatch: (db) => marketplace.scoreMatch(db, job),
  findSkillGaps: (db) => marketplace.findSkillGaps(db, { userId: student }),
  applyToJob: (db) => marketplace.applyToJob(db, { ...job, coverLetter: 'Dear firm' }),
  'applyToJob, refused': (db) => marketplace.applyToJob(db, { ...job, userId: randomUUID() }),
  moveApplication: (db) =>
    marketplace.moveApplication(db, { ...job, status: 'REVIEWING', changedBy: educator }),
  listJobApplications: (db) =>
    marketplace.listJobApplications(db, { jobId: demoJobs.frontend, limit: 1 }),
  listUserApplications: (db) => marketplace.listUserApplications(db, { userId: admin, limit: 1 }),
  listApplicationSteps: (db) => marketplace.listApplicationSteps(db, job),
  withdrawApplication: (db) => marketplace.withdrawApplication(db, job),
  expireJobs: (db) => marketplace.expireJobs(db, { now }),
  closeJob: (db, { createJob: { id: jobId } }) => marketplace.closeJob(db, { jobId }),
  verifyJobIndex: (db) => marketplace.verifyJobIndex(db),
  packJobs: (db) => marketplace.packJobs(db),
  refreshSkillRanks: (db) => marketplace.refreshSkillRanks(db),
};
