comment on table identity.tokens is 'A token that was handed out; only its SHA-256 is kept';
