comment on table ai.chat_messages is 'One message of a conversation, in order of position';
