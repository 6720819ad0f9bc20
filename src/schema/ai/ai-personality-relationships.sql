comment on table ai.ai_personality_relationships is 'What one personality is to another';
