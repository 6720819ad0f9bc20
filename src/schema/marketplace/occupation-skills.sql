comment on table marketplace.occupation_skills
is 'A skill that an occupation needs: essential, or optional';
