comment on table marketplace.skill_ranks
is 'How common a skill is among jobs, as an order from the rarest on';

comment on table marketplace.rank_refreshes
is 'How often the ranks of skills were announced anew; one row';
