comment on table platform.events
is 'The outbox: a fact published in the transaction that made it true';
