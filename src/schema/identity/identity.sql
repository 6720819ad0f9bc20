comment on schema identity is 'Who people are: users, profiles, tokens';
