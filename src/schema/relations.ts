import { relations } from 'drizzle-orm';
import { chatMessages } from './ai/chat-messages.ts';
import { chatSessions } from './ai/chat-sessions.ts';
import { aiPersonalities } from './ai/personalities.ts';
import { assessments } from './education/assessments.ts';
import { courseModules } from './education/course-modules.ts';
import { courses } from './education/courses.ts';
import { enrollments } from './education/enrollments.ts';
import { learningPathCourses } from './education/learning-path-courses.ts';
import { learningPathSkills } from './education/learning-path-skills.ts';
import { learningPaths } from './education/learning-paths.ts';
import { moduleProgress } from './education/module-progress.ts';
import { wallets } from './finance/wallets.ts';
import { userProfiles } from './identity/user-profiles.ts';
import { users } from './identity/users.ts';
import { jobApplications } from './marketplace/job-applications.ts';
import { jobSkills } from './marketplace/job-skills.ts';
import { jobs } from './marketplace/jobs.ts';
import { skills } from './marketplace/skills.ts';
import { userSkills } from './marketplace/user-skills.ts';
import { notifications } from './platform/notifications.ts';

/*
 * For `db.query...with`. That reader goes through JSON and corrupts bigint and numeric values,
 * so money is never read this way: the query modules write their joins out.
 */

export const usersRelations = relations(users, ({ one, many }) => ({
  profile: one(userProfiles, { fields: [users.id], references: [userProfiles.userId] }),
  wallets: many(wallets),
  enrollments: many(enrollments),
  applications: many(jobApplications),
  skills: many(userSkills),
  assessments: many(assessments),
  chatSessions: many(chatSessions),
  notifications: many(notifications),
  courses: many(courses),
}));

export const userProfilesRelations = relations(userProfiles, ({ one }) => ({
  user: one(users, { fields: [userProfiles.userId], references: [users.id] }),
}));

export const walletsRelations = relations(wallets, ({ one }) => ({
  user: one(users, { fields: [wallets.userId], references: [users.id] }),
}));

export const coursesRelations = relations(courses, ({ one, many }) => ({
  instructor: one(users, { fields: [courses.instructorId], references: [users.id] }),
  modules: many(courseModules),
  enrollments: many(enrollments),
  learningPaths: many(learningPathCourses),
}));

export const courseModulesRelations = relations(courseModules, ({ one }) => ({
  course: one(courses, { fields: [courseModules.courseId], references: [courses.id] }),
}));

export const enrollmentsRelations = relations(enrollments, ({ one, many }) => ({
  user: one(users, { fields: [enrollments.userId], references: [users.id] }),
  course: one(courses, { fields: [enrollments.courseId], references: [courses.id] }),
  modules: many(moduleProgress),
}));

export const moduleProgressRelations = relations(moduleProgress, ({ one }) => ({
  enrollment: one(enrollments, {
    fields: [moduleProgress.userId, moduleProgress.courseId],
    references: [enrollments.userId, enrollments.courseId],
  }),
}));

export const assessmentsRelations = relations(assessments, ({ one }) => ({
  user: one(users, { fields: [assessments.userId], references: [users.id] }),
  course: one(courses, { fields: [assessments.courseId], references: [courses.id] }),
}));

export const learningPathsRelations = relations(learningPaths, ({ many }) => ({
  courses: many(learningPathCourses),
  skills: many(learningPathSkills),
}));

export const learningPathCoursesRelations = relations(learningPathCourses, ({ one }) => ({
  learningPath: one(learningPaths, {
    fields: [learningPathCourses.learningPathId],
    references: [learningPaths.id],
  }),
  course: one(courses, { fields: [learningPathCourses.courseId], references: [courses.id] }),
}));

export const learningPathSkillsRelations = relations(learningPathSkills, ({ one }) => ({
  learningPath: one(learningPaths, {
    fields: [learningPathSkills.learningPathId],
    references: [learningPaths.id],
  }),
  skill: one(skills, { fields: [learningPathSkills.skillId], references: [skills.id] }),
}));

export const jobsRelations = relations(jobs, ({ many }) => ({
  applications: many(jobApplications),
  skills: many(jobSkills),
}));

export const jobApplicationsRelations = relations(jobApplications, ({ one }) => ({
  user: one(users, { fields: [jobApplications.userId], references: [users.id] }),
  job: one(jobs, { fields: [jobApplications.jobId], references: [jobs.id] }),
}));

export const skillsRelations = relations(skills, ({ many }) => ({
  users: many(userSkills),
  jobs: many(jobSkills),
  learningPaths: many(learningPathSkills),
}));

export const userSkillsRelations = relations(userSkills, ({ one }) => ({
  user: one(users, { fields: [userSkills.userId], references: [users.id] }),
  skill: one(skills, { fields: [userSkills.skillId], references: [skills.id] }),
}));

export const jobSkillsRelations = relations(jobSkills, ({ one }) => ({
  job: one(jobs, { fields: [jobSkills.jobId], references: [jobs.id] }),
  skill: one(skills, { fields: [jobSkills.skillId], references: [skills.id] }),
}));

export const chatSessionsRelations = relations(chatSessions, ({ one, many }) => ({
  user: one(users, { fields: [chatSessions.userId], references: [users.id] }),
  personality: one(aiPersonalities, {
    fields: [chatSessions.personalityId],
    references: [aiPersonalities.id],
  }),
  messages: many(chatMessages),
}));

export const chatMessagesRelations = relations(chatMessages, ({ one }) => ({
  session: one(chatSessions, {
    fields: [chatMessages.userId, chatMessages.sessionId],
    references: [chatSessions.userId, chatSessions.id],
  }),
}));

export const aiPersonalitiesRelations = relations(aiPersonalities, ({ many }) => ({
  chatSessions: many(chatSessions),
}));

export const notificationsRelations = relations(notifications, ({ one }) => ({
  user: one(users, { fields: [notifications.userId], references: [users.id] }),
}));
