import { sql } from 'drizzle-orm';
import { bigint, foreignKey, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { education } from '../schemas.ts';
import { courses } from './courses.ts';

const count = (name: string) => bigint(name, { mode: 'bigint' }).notNull().default(sql`0`);

/**
 * A share of a course's counts; the course's are the sums over its rows, and a single row may well
 * be negative. A writer takes any row that nobody holds and adds one when all are held, so writers
 * never wait for each other, and there are no more rows than there ever were writers at once.
 * Progress is of those who have not dropped out, in basis points; decile 9 holds 90 to 100 percent.
 */
export const courseStatistics = education.table(
  'course_statistics',
  {
    courseId: uuid('course_id').notNull(),
    shardId: uuid('shard_id').notNull().default(sql`gen_random_uuid()`),
    active: count('active'),
    completed: count('completed'),
    dropped: count('dropped'),
    basisPoints: count('basis_points'),
    decile0: count('decile_0'),
    decile1: count('decile_1'),
    decile2: count('decile_2'),
    decile3: count('decile_3'),
    decile4: count('decile_4'),
    decile5: count('decile_5'),
    decile6: count('decile_6'),
    decile7: count('decile_7'),
    decile8: count('decile_8'),
    decile9: count('decile_9'),
  },
  (table) => [
    primaryKey({ name: 'course_statistics_pkey', columns: [table.courseId, table.shardId] }),
    foreignKey({
      name: 'course_statistics_course_id_fkey',
      columns: [table.courseId],
      foreignColumns: [courses.id],
    }).onDelete('cascade'),
  ],
);

export type CourseStatistics = typeof courseStatistics.$inferSelect;
