comment on table platform.notifications is 'Something told to one user';
