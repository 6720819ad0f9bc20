comment on table marketplace.skill_ranks
is 'How common a skill is among jobs, as an order from the rarest on';
