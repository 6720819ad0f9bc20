import pg from 'pg';

/** Names of the operating systems' locales that sort by nothing and know all letters, or nearly. */
export const LETTERS = ['C.UTF-8', 'en_US.UTF-8', 'UTF-8'] as const;

// Kept with a database from the change of its letters until its indexes are made anew, so that a
// start that was killed in between is made up for by the next one.
const STALE_INDEXES = 'azora.stale_indexes';

interface Database {
  name: string;
  lacksLetters: boolean;
  hasIndexes: boolean;
}

// A template that takes no connections is left, because its indexes cannot be made anew; only
// template0 has none.
const selectDatabases = `
  select d.datname as name, d.datctype = 'C' as "lacksLetters", d.datallowconn as "hasIndexes"
  from pg_database d
  left join pg_db_role_setting s on s.setdatabase = d.oid and s.setrole = 0
  where d.datlocprovider = 'b'
    and (d.datallowconn or d.datname = 'template0')
    and (d.datctype = 'C' or s.setconfig @> array['${STALE_INDEXES}=on'])
  order by d.datname`;

// Indexes by words or trigrams are made of what are letters.
const selectIndexes = `
  select format('%I.%I', n.nspname, i.relname) as name
  from pg_class i
  join pg_am a on a.oid = i.relam
  join pg_namespace n on n.oid = i.relnamespace
  where i.relkind = 'i'
    and i.relpersistence <> 't'
    and a.amname in ('gin', 'gist')
    and n.nspname not like 'pg\\_%'
  order by i.oid`;

/**
 * Gives the databases of a server that an earlier release made the letters beyond ASCII, which
 * contrib code such as pg_trgm drops where lc_ctype is C: the sense of PostgreSQL's own provider
 * does not reach it. What was indexed without them is indexed again; for PostgreSQL 17 and later.
 * Nothing changes where the operating system has no such letters.
 */
export async function giveLetters(url: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rows } = await client.query<Database>(selectDatabases);
    if (rows.length === 0) return;
    const letters = await findLetters(client);
    for (const { name, lacksLetters, hasIndexes } of rows) {
      const database = client.escapeIdentifier(name);
      if (lacksLetters) {
        if (letters === undefined) continue;
        await client.query('begin');
        await client.query('update pg_database set datctype = $2 where datname = $1', [
          name,
          letters,
        ]);
        await client.query(`alter database ${database} set ${STALE_INDEXES} = 'on'`);
        await client.query('commit');
      }
      if (hasIndexes) await reindex(url, name);
      await client.query(`alter database ${database} reset ${STALE_INDEXES}`);
    }
  });
}

/**
 * The first of the names that the operating system knows, asked by making a collation and undoing
 * it: a database with a locale that is unknown takes no more connections.
 */
async function findLetters(client: pg.Client): Promise<string | undefined> {
  for (const name of LETTERS) {
    await client.query('begin');
    try {
      await client.query(`create collation pg_temp.letters (provider = libc, locale = '${name}')`);
      return name;
    } catch (error) {
      if ((error as { code?: string }).code !== '22023') throw error;
    } finally {
      await client.query('rollback');
    }
  }
  return undefined;
}

async function reindex(url: string, database: string): Promise<void> {
  const there = new URL(url);
  there.pathname = `/${encodeURIComponent(database)}`;
  await withClient(there.toString(), async (client) => {
    const { rows } = await client.query<{ name: string }>(selectIndexes);
    for (const index of rows) await client.query(`reindex index ${index.name}`);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    ssl: false,
    sslnegotiation: 'postgres',
    options: ' ',
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
