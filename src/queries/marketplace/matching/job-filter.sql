-- Which open jobs a search looks at, and after which match its page begins; what is null leaves out
-- none.
create type marketplace.job_filter as (
  -- Jobs that expire by then are left out. Never null.
  at timestamptz,
  remote_only boolean,
  place text,
  least_salary bigint,
  pay_currency text,
  after_score integer,
  after_posted timestamptz,
  after_job uuid
);
