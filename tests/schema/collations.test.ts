import { describe, expect, it } from 'vitest';
import { useTestDatabase } from '../setup/test-database.ts';
import { readCatalog } from './catalog.ts';

const database = useTestDatabase();

interface Source {
  name: string;
  text: string;
}

/** What runs in the database: bodies of functions, checks, expressions of indexes. */
function listSources(): Promise<Source[]> {
  return readCatalog<Source>(
    database.db,
    `select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as text
     from pg_proc p
     where (
         p.pronamespace::regnamespace::text = any($1)
         or p.pronamespace = 'public'::regnamespace
       )
       and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
     union all
     select conname::text, pg_get_constraintdef(oid)
     from pg_constraint
     where connamespace::regnamespace::text = any($1)
     union all
     select indexrelid::regclass::text, pg_get_indexdef(indexrelid)
     from pg_index
     join pg_class on pg_class.oid = indexrelid
     where relnamespace::regnamespace::text = any($1)`,
  );
}

/** The arguments of every call of the functions that fold case, as they are written. */
function foldedIn(text: string): string[] {
  return [...text.matchAll(/\b(?:lower|upper|initcap)\s*\(/gi)].map(({ index, 0: call }) => {
    const start = index + call.length;
    let depth = 1;
    let end = start;
    while (depth > 0 && end < text.length) {
      if (text[end] === '(') depth += 1;
      if (text[end] === ')') depth -= 1;
      end += 1;
    }
    return text.slice(start, end - 1);
  });
}

const dependsOnLocale = ({ text }: Source) => {
  const code = text.replace(/--.*$/gm, '');
  const isFolded = foldedIn(code).some((argument) => !/collate/i.test(argument));
  const hasClass = /\[:[a-z]+:\]|\\[wWsSdD]\b/.test(code) && !/collate\s+"C"/i.test(code);
  return isFolded || hasClass || /\bilike\b|~\*/i.test(code);
};

describe('what runs in the database', () => {
  it('folds case and knows letters and blanks by a collation that it names', async () => {
    const sources = await listSources();
    expect(sources.filter(({ text }) => foldedIn(text).length > 0).length).toBeGreaterThan(2);
    expect(sources.filter(dependsOnLocale).map(({ name }) => name)).toEqual([]);
  });

  it('keeps what is folded in unique indexes as bytes', async () => {
    const indexes = await readCatalog<Source>(
      database.db,
      `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as text
       from pg_index
       join pg_class on pg_class.oid = indexrelid
       where relnamespace::regnamespace::text = any($1) and indisunique and indexprs is not null`,
    );
    const folded = indexes.filter(({ text }) => text.includes('fold_text'));
    expect(folded.map(({ name }) => name.split('.').at(-1)).sort()).toEqual([
      'ai_personalities_name_key',
      'skills_name_key',
      'users_email_key',
    ]);
    expect(indexes.filter(({ text }) => !/fold_text\(.*\) COLLATE "C"/.test(text))).toEqual([]);
  });

  it('finds a user by email through the unique index', async () => {
    const client = await database.db.$client.connect();
    try {
      await client.query('begin');
      await client.query('set local enable_seqscan = off');
      const { rows } = await client.query(
        `explain select from identity.users
         where public.fold_text(email) collate "C" = public.fold_text('INFO@example.com')`,
      );
      await client.query('rollback');
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain('users_email_key');
      expect(plan).toContain(`'info@example.com'`);
    } finally {
      client.release();
    }
  });
});
