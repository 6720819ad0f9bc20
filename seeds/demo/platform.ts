import type { Db } from '../../src/db/session.ts';
import { events } from '../../src/schema/platform/events.ts';
import { notifications } from '../../src/schema/platform/notifications.ts';
import { demoEvents, demoJobs, demoNotifications, demoUsers } from './ids.ts';
import { insertMissing } from './insert-missing.ts';

const [course, reward, match] = demoNotifications;
const [registered, published] = demoEvents;

export async function seedPlatform(db: Db): Promise<void> {
  const userId = demoUsers.student;
  await insertMissing(db, notifications, [
    {
      userId,
      id: course,
      type: 'COURSE_UPDATE',
      title: 'A new module is open',
      message: 'Components and state is waiting for you.',
      createdAt: new Date('2026-01-20T08:00:00Z'),
      readAt: new Date('2026-01-20T18:00:00Z'),
    },
    {
      userId,
      id: reward,
      type: 'MINING_REWARD',
      title: 'You earned 25 AZR',
      message: 'For passing the quiz about JavaScript.',
      createdAt: new Date('2026-01-26T09:00:00Z'),
    },
    {
      userId,
      id: match,
      type: 'JOB_MATCH',
      title: 'A job fits your skills',
      message: 'Frontend developer at Ubuntu Works.',
      data: { jobId: demoJobs.frontend },
      createdAt: new Date('2026-02-02T07:00:00Z'),
    },
  ]);
  await insertMissing(db, events, [
    {
      id: registered,
      type: 'user.registered',
      source: 'identity',
      data: { userId },
      status: 'COMPLETED',
      createdAt: new Date('2026-01-05T08:00:00Z'),
      processedAt: new Date('2026-01-05T08:00:01Z'),
    },
    {
      id: published,
      type: 'job.published',
      source: 'marketplace',
      data: { jobId: demoJobs.frontend },
      createdAt: new Date('2026-02-01T07:00:00Z'),
    },
  ]);
}
