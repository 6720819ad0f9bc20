comment on schema education is 'What people learn: courses, enrollments, progress, assessments';
