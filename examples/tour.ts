import {
  connect,
  formatMoney,
  getProgress,
  getWallet,
  InsufficientFundsError,
  matchJobs,
  transfer,
} from '@azora/db';
import { demoCourses, demoUsers } from '@azora/db/seeds';

const db = await connect(); // to DATABASE_URL
const { student, educator } = demoUsers;

// Money is a bigint in minor units: R 50.00. A retry with the same key posts once.
const thanks = {
  from: { userId: student, currency: 'ZAR' },
  to: { userId: educator, currency: 'ZAR' },
  amount: 5_000n,
  idempotencyKey: 'tour:thanks',
};
const first = await transfer(db, thanks);
const again = await transfer(db, thanks);
console.log(`posted once: ${first.id === again.id}`);

const wallet = await getWallet(db, thanks.from);
console.log(`balance: ${formatMoney(wallet.available, { code: 'ZAR', scale: 2 })}`);

try {
  await transfer(db, { ...thanks, amount: 1_000_000n, idempotencyKey: 'tour:too-much' });
} catch (error) {
  if (!(error instanceof InsufficientFundsError)) throw error;
  console.log(`refused: ${error.available} available, ${error.requested} requested`);
}

const course = await getProgress(db, { userId: student, courseId: demoCourses.web });
console.log(`${course.title}: ${course.basisPoints / 100} %, next is ${course.resume?.title}`);

const { items: jobs } = await matchJobs(db, { userId: student, limit: 2 });
for (const job of jobs) {
  const missing = job.missing.map((skill) => skill.name).join(', ');
  console.log(`${job.title}: ${job.score / 100} %, missing ${missing}`);
}

await db.close();
