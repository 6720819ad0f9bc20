comment on schema marketplace is 'What people can do and who wants it: skills, jobs, applications';
