-- What one row of each table is, for everyone who meets the tables in psql or a diagram. Comments
-- only; takes a short SHARE UPDATE EXCLUSIVE lock on each table.

comment on schema identity is 'Who people are: users, profiles, tokens';
comment on schema education is 'What people learn: courses, enrollments, progress, assessments';
comment on schema finance is 'What people own: a double-entry ledger, mining, payments';
comment on schema marketplace is 'What people can do and who wants it: skills, jobs, applications';
comment on schema ai is 'The AI personalities and what they and people said';
comment on schema platform is 'What every service shares: notifications, events, incidents, audit';
--> statement-breakpoint
comment on table identity.users is 'A person who can sign in';
comment on table identity.user_profiles is 'What a user tells about themselves; one row for each user';
comment on table identity.tokens is 'A token that was handed out; only its SHA-256 is kept';
--> statement-breakpoint
comment on table education.courses is 'A course, as its author edits it';
comment on table education.course_modules is 'A part of a course; its weight is its share of the course''s progress';
comment on table education.enrollments is 'A learner in a course, with the integer weights done and in all';
comment on table education.module_progress is 'How far a learner is in one module, and where to resume';
comment on table education.assessments is 'One user''s sitting of a quiz, exam, assignment, project or skill test';
comment on table education.learning_paths is 'An ordered set of courses that leads to a set of skills';
comment on table education.learning_path_courses is 'A course''s place in a learning path';
comment on table education.learning_path_skills is 'A skill that a learning path teaches';
--> statement-breakpoint
comment on table finance.currencies is 'Money that wallets can hold; scale is the number of digits after the point';
comment on table finance.wallets is 'What one owner holds of one currency; system wallets have reserved owner ids';
comment on table finance.transactions is 'One request to move money or set it aside and its outcome, keyed by the owner who started it';
comment on table finance.entries is 'One leg of a transaction in one wallet, with the balance after it; append-only';
comment on table finance.holds is 'Money set aside in a wallet until it is captured, released or expires';
comment on table finance.mining_activities is 'A proof of knowledge that can earn AZR, rewarded at most once';
comment on table finance.payments is 'Money asked from a user through a payment provider';
comment on table finance.payment_references is 'Which payment holds a provider''s reference, over all users';
--> statement-breakpoint
comment on table marketplace.skills is 'A skill of the catalogue';
comment on table marketplace.user_skills is 'A skill that a user holds, at a level';
comment on table marketplace.jobs is 'An open position; salaries are yearly';
comment on table marketplace.job_skills is 'A skill that a job asks for, at a level: required or nice to have';
comment on table marketplace.job_applications is 'A user''s application to a job, with the match score of that moment';
--> statement-breakpoint
comment on table ai.ai_personalities is 'A member of the family of AI personalities';
comment on table ai.ai_personality_relationships is 'What one personality is to another';
comment on table ai.chat_sessions is 'A conversation of one user with one personality';
comment on table ai.chat_messages is 'One message of a conversation, in order of position';
--> statement-breakpoint
comment on table platform.notifications is 'Something told to one user';
comment on table platform.events is 'The outbox: a fact published in the transaction that made it true';
comment on table platform.safety_incidents is 'A danger reported by a user at a place';
comment on table platform.audit_log is 'What was done to what, by whom; append-only';
