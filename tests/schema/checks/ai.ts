import { checksOf, longText, second } from './case.ts';

export const aiChecks = [
  ...checksOf('ai.ai_personalities', {
    name_length: { name: '' },
    role_length: { role: '' },
    traits_known: [{ traits: ['wise'] }, { traits: ['wise', null] }],
  }),
  ...checksOf('ai.ai_personality_relationships', {
    not_self: {
      personalityId: '01890000-0000-7000-8000-000000000000',
      relatedId: '01890000-0000-7000-8000-000000000000',
    },
    kind_form: { kind: 'sister' },
  }),
  ...checksOf('ai.chat_sessions', {
    title_length: { title: longText(201) },
    context_object: { context: [] },
    last_message_after_created: [
      { createdAt: second(1), lastMessageAt: second(1) },
      { lastMessageAt: second(0) },
    ],
  }),
  ...checksOf('ai.chat_messages', {
    position_positive: { position: 0 },
    content_not_empty: { content: '' },
    metadata_object: { metadata: [] },
  }),
];
