comment on schema platform is 'What every service shares: notifications, events, incidents, audit';
