comment on schema ai is 'The AI personalities and what they and people said';
