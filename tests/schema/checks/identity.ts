import { checksOf, longText, second } from './case.ts';

export const identityChecks = [
  ...checksOf('identity.users', {
    email_form: { email: 'no-at-sign.example.com' },
    email_length: { email: `${longText(250)}@x.org` },
    name_length: { name: '' },
    password_hash_form: [{ passwordHash: '$argon2id$v=19$' }, { passwordHash: 'secret' }],
    deleted_after_created: [
      { createdAt: second(1), deletedAt: second(1) },
      { createdAt: second(1), deletedAt: second(0) },
    ],
    id_not_reserved: [
      { id: '00000000-0000-8000-8000-000000000100' },
      { id: '00000000-0000-8000-8000-0000000000ff' },
    ],
  }),
  ...checksOf('identity.user_profiles', {
    bio_length: [{ bio: longText(5_000) }, { bio: longText(5_001) }],
    avatar_url_form: [{ avatarUrl: 'https://azora.world/a.png' }, { avatarUrl: 'javascript:1' }],
    time_zone: [{ timeZone: 'Africa/Johannesburg' }, { timeZone: 'Africa/Atlantis' }],
    preferences_object: { preferences: [] },
  }),
  ...checksOf('identity.tokens', {
    token_hash_sha256: { tokenHash: Buffer.alloc(31) },
    expires_after_created: { createdAt: second(1), expiresAt: second(1) },
    revoked_after_created: [
      { createdAt: second(1), revokedAt: second(1) },
      { createdAt: second(1), revokedAt: second(0) },
    ],
  }),
];
