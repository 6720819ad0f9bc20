import { eq, inArray } from 'drizzle-orm';
import { demoUsers } from '../../seeds/demo/ids.ts';
import type { Db } from '../db/session.ts';
import { formatMoney } from '../money.ts';
import { listLearnerProgress } from '../queries/education/index.ts';
import { listWallets } from '../queries/finance/index.ts';
import { matchJobs } from '../queries/marketplace/index.ts';
import { currencies, users } from '../schema/index.ts';
import { formatTable } from './table.ts';

const userId = demoUsers.student;

/** What the hot paths return for the demo student, as text: wallets, progress, job matches. */
export async function reportStudent(db: Db): Promise<string> {
  const [student] = await db
    .select({ name: users.name, email: users.email })
    .from(users)
    .where(eq(users.id, userId));
  return [
    `${student?.name} <${student?.email}>`,
    `Wallets\n${await reportWallets(db)}`,
    `Progress\n${await reportProgress(db)}`,
    `Jobs that match\n${await reportMatches(db)}`,
  ].join('\n\n');
}

async function reportWallets(db: Db): Promise<string> {
  const { items } = await listWallets(db, { userId });
  const codes = items.map((wallet) => wallet.currency);
  const formats = await db.select().from(currencies).where(inArray(currencies.code, codes));
  const rows = items.map(({ currency, posted, held, available }) => {
    const format = formats.find(({ code }) => code === currency);
    const amounts = [posted, held, available];
    return [currency, ...amounts.map((amount) => formatMoney(amount, format?.scale ?? 0))];
  });
  return formatTable(['Currency', 'Balance', 'Held', 'Available'], rows, { right: [1, 2, 3] });
}

async function reportProgress(db: Db): Promise<string> {
  const { items } = await listLearnerProgress(db, { userId });
  const rows = items.map(({ title, status, doneWeight, totalWeight, basisPoints }) => [
    title,
    status,
    formatPercent(basisPoints),
    `${doneWeight} of ${totalWeight}`,
  ]);
  return formatTable(['Course', 'Status', 'Progress', 'Weight done'], rows, { right: [2, 3] });
}

async function reportMatches(db: Db): Promise<string> {
  const { items } = await matchJobs(db, { userId });
  const rows = items.map(({ title, company, score, matched, belowLevel, missing }) => [
    `${title}, ${company}`,
    formatPercent(score),
    matched.map(({ name }) => name).join('\n'),
    belowLevel.map(({ name, heldLevel, level }) => `${name}: ${heldLevel} of ${level}`).join('\n'),
    missing.map(({ name }) => name).join('\n'),
  ]);
  const head = ['Job', 'Score', 'Matched skills', 'Below the level', 'Missing skills'];
  return formatTable(head, rows, { right: [1] });
}

function formatPercent(basisPoints: number): string {
  return `${formatMoney(BigInt(basisPoints), 2)} %`;
}
