import { afterAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { migrate } from '../../src/migrate/index.ts';
import { listWallets, openWallet } from '../../src/queries/finance/index.ts';
import {
  createJob,
  listJobs,
  matchJobs,
  scoreMatch,
  setJobSkills,
  setUserSkills,
} from '../../src/queries/marketplace/index.ts';
import { withAdmin, withDatabase } from '../../src/testing/admin.ts';
import {
  insertAiPersonality,
  insertCurrency,
  insertSkill,
  insertUser,
  type TestDatabase,
} from '../../src/testing/index.ts';
import { newCloneName } from '../../src/testing/names.ts';
import { rejection } from '../setup/errors.ts';
import { testServerUrl } from '../setup/test-database.ts';

type Db = TestDatabase['db'];

const made: string[] = [];

afterAll(() =>
  withAdmin(testServerUrl(), async (admin) => {
    for (const name of made) await admin.query(`drop database if exists ${name} with (force)`);
  }),
);

/** A migrated database of this locale; `{utf8}` is one of the server's own that knows letters. */
async function withLocale(locale: string, run: (db: Db) => Promise<void>) {
  const name = newCloneName();
  made.push(name);
  await withAdmin(testServerUrl(), async (admin) => {
    const { rows } = await admin.query<{ utf8: string }>(
      `select coalesce(min(collcollate), 'C') as utf8 from pg_collation
       where collprovider = 'c' and collname in ('en_US.utf8', 'C.utf8')`,
    );
    await admin.query(
      `create database ${name} template template0 encoding 'UTF8'
       ${locale.replaceAll('{utf8}', rows[0]?.utf8 ?? 'C')}`,
    );
  });
  const url = withDatabase(testServerUrl(), name);
  await migrate({ url });
  const db = await connect({ url });
  try {
    await run(db);
  } finally {
    await db.close();
  }
}

const constraintOf = async (work: Promise<unknown>) => {
  const { constraint } = (await rejection(work)) as { constraint?: string };
  return constraint;
};

// Of Turkish, whose I has a dot or none; of Lithuanian, whose Y follows I; of C, which knows ASCII.
const locales = [
  ['C', `locale_provider libc lc_collate 'C' lc_ctype 'C'`],
  ['tr-TR', `locale_provider icu icu_locale 'tr-TR' lc_collate 'C' lc_ctype 'C'`],
  ['lt-LT', `locale_provider icu icu_locale 'lt-LT' lc_collate '{utf8}' lc_ctype '{utf8}'`],
] as const;

describe.each(locales)('in a database of the locale %s', (_name, locale) => {
  it('names, places, words and orders are as in every other', async () => {
    await withLocale(locale, async (db) => {
      await checkNames(db);
      await checkJobs(db);
      await checkOrders(db);
    });
  });
});

/** What the databases so far make of all letters. */
const foldings = new Set<string>();

async function checkNames(db: Db) {
  await insertUser(db, { email: 'info@istanbul.example' });
  for (const email of ['INFO@ISTANBUL.example', 'İnfo@istanbul.example']) {
    expect(await constraintOf(insertUser(db, { email })), email).toBe('users_email_key');
  }
  for (const blank of ['\u3000', '\u00a0', '\u2003']) {
    const email = `in${blank}fo@example.com`;
    expect(await constraintOf(insertUser(db, { email }))).toBe('users_email_form_check');
  }
  await insertAiPersonality(db, { name: 'Iris' });
  const again = insertAiPersonality(db, { name: 'IRIS' });
  expect(await constraintOf(again)).toBe('ai_personalities_name_key');

  for (const name of ['UI design', 'Öl', 'Äl', 'kız', 'kiz', 'Résumé', 'ΟΔΟΣ', 'ǰ']) {
    await insertSkill(db, { name });
  }
  const taken = [
    'ui DESIGN',
    'öl',
    'KIZ',
    'résume\u0301',
    'RE\u0301SUMÉ',
    'οδος',
    'οδοσ',
    'J\u030c',
  ];
  for (const name of taken) {
    expect(await constraintOf(insertSkill(db, { name })), name).toBe('skills_name_key');
  }
  const { rows } = await db.$client.query(
    `select md5(string_agg(fold_text(chr(i)), '' order by i)) as folding,
       count(*) filter (where fold_text(fold_text(chr(i))) <> fold_text(chr(i)))::int as unstable,
       count(*) filter (where fold_text(normalize(chr(i), nfd)) <> fold_text(chr(i)))::int as torn
     from generate_series(1, 12287) i`,
  );
  expect(rows).toMatchObject([{ unstable: 0, torn: 0 }]);
  const { rows: marked } = await db.$client.query(
    `select count(*)::int as torn
     from unnest(array['İ', 'I', 'Ị', 'É', 'Σ', 'Α', 'Å', 'ω', 'J']) letter
     cross join unnest(array['', U&'\\0307', U&'\\0301', U&'\\0323', U&'\\0345']) one
     cross join unnest(array['', U&'\\0307', U&'\\0301', U&'\\0323', U&'\\0345', ' x']) two
     cross join lateral (select letter || one || two as given) as marked
     where fold_text(normalize(given, nfd)) <> fold_text(given)
       or fold_text(normalize(given, nfc)) <> fold_text(given)`,
  );
  expect(marked).toEqual([{ torn: 0 }]);
  expect(foldings.add(rows[0].folding).size).toBe(1);
}

async function checkJobs(db: Db) {
  const { id: userId } = await insertUser(db);
  const { id: skillId } = await insertSkill(db);
  await setUserSkills(db, { userId, skills: [{ skillId, level: 'EXPERT' }] });
  const places = ['Izmir', 'E\u0301vora', 'ZÜRICH', 'Oslo'];
  for (const location of places) {
    const { id: jobId } = await createJob(db, {
      title: `INFO desk in ${location}`,
      description: 'A “senior” Résumé–BUILDER',
      company: 'Baobab',
      location,
    });
    await setJobSkills(db, { jobId, skills: [{ skillId, level: 'BEGINNER', required: true }] });
  }
  const searches = [
    ['IZMIR', 'Izmir'],
    ['İZMİR', 'Izmir'],
    ['ÉVORA', 'E\u0301vora'],
    ['zürich', 'ZÜRICH'],
    ['zurich', undefined],
  ] as const;
  for (const [asked, found] of searches) {
    const expected = found === undefined ? [] : [`INFO desk in ${found}`];
    const listed = await listJobs(db, { location: asked });
    expect(
      listed.items.map(({ title }) => title),
      asked,
    ).toEqual(expected);
    const matched = await matchJobs(db, { userId, location: asked });
    expect(
      matched.items.map(({ title }) => title),
      asked,
    ).toEqual(expected);
  }
  const everywhere = [
    'info',
    'INFO',
    'İnfo',
    'senior',
    'builder',
    'résumé',
    'RE\u0301SUME\u0301',
    '“SENIOR” builder',
  ];
  const words = [
    ['ÉVORA', 'E\u0301vora'],
    ['évora', 'E\u0301vora'],
    ['izmİr', 'Izmir'],
    ['zu\u0308rich', 'ZÜRICH'],
  ] as const;
  for (const [search, location] of words) {
    expect((await listJobs(db, { search })).items, search).toMatchObject([{ location }]);
  }
  for (const search of everywhere) {
    expect((await listJobs(db, { search })).items, search).toHaveLength(places.length);
  }
}

async function checkOrders(db: Db) {
  const { id: userId } = await insertUser(db);
  const codes = ['IDR', 'JPY', 'TRY', 'UAH', 'YER', 'ZAR', 'ZMW'];
  for (const code of codes) {
    if (code !== 'ZAR') await insertCurrency(db, { code });
    await openWallet(db, { userId, currency: code });
  }
  const first = await listWallets(db, { userId, limit: 4 });
  const rest = await listWallets(db, { userId, cursor: first.nextCursor ?? '' });
  expect([...first.items, ...rest.items].map(({ currency }) => currency)).toEqual(codes);

  const names = ['Ivory', 'Yarn', 'Zinc', 'ivy', 'jute', 'zebra', 'Émail'];
  const work = { title: 'T', description: 'D', company: 'C', remote: true };
  const { id: jobId } = await createJob(db, work);
  const skills = [];
  for (const name of names) {
    const { id: skillId } = await insertSkill(db, { name });
    skills.unshift({ skillId, level: 'BEGINNER' as const, required: true });
  }
  await setJobSkills(db, { jobId, skills });
  const { missing } = await scoreMatch(db, { userId, jobId });
  expect(missing.map(({ name }) => name)).toEqual(names);
}
