// What a server says of itself, as far as logins with tokens depend on it. Reads only, in a session that cannot write, and
// each question within a few seconds.
import type { ClientBase } from 'pg';
import * as z from 'zod/mini';
import { codeOf } from '../../code-of.ts';
import { connectDatabase, endSession } from './connection/connect-database.ts';
import { parseMaskedRange } from '../hba/parse-address.ts';
import type { Connection } from './connection/parse-connection.ts';
import { type HBARule, splitOption } from '../hba/parse-hba.ts';
import { type DatabaseRole, readRoles } from '../roles/read-roles.ts';
import { parseSettings, type ServerSettings, SETTING_NAMES } from './settings.ts';
import type { Accounts } from '../host/host.ts';

/** A line of pg_hba.conf as the server sees it. */
export interface HBAFileRule {
  readonly file: string;
  readonly line: number;
  readonly error: string | undefined;
  /** Undefined where the server could not read the line. */
  readonly rule: HBARule | undefined;
}

/** What the server said; members are undefined where the user may not know. */
export interface DatabaseFacts {
  readonly hbaFile: string | undefined;
  readonly rules: readonly HBAFileRule[] | undefined;
  /** When the configuration was last loaded, Unix time in seconds. */
  readonly loadedAt: number | undefined;
  readonly settings: ServerSettings | undefined;
  /** As of {@link readRoles}. */
  readonly roles: readonly DatabaseRole[];
}

/**
 * @param names of roles that are of interest.
 * @param accounts of this host, for a server that knows its users by them.
 * @returns the facts, or why there are none.
 */
export type ReadDatabase = (
  connection: Connection,
  names: readonly string[],
  accounts: Pick<Accounts, 'findUser'>,
) => Promise<DatabaseFacts | string>;

const settingRows = z.array(z.object({ setting: z.string() }));
const settingsRows = z.array(
  z.object({ name: z.string(), setting: z.string(), pending_restart: z.boolean() }),
);
const timeRows = z.array(z.object({ at: z.number() }));
const ruleRows = z.array(
  z.looseObject({
    line_number: z.nullable(z.int()),
    // From PostgreSQL 16 on; before, there is one file.
    file_name: z.optional(z.nullable(z.string())),
    type: z.nullable(z.string()),
    database: z.nullable(z.array(z.string())),
    user_name: z.nullable(z.array(z.string())),
    address: z.nullable(z.string()),
    netmask: z.nullable(z.string()),
    auth_method: z.nullable(z.string()),
    options: z.nullable(z.array(z.string())),
    error: z.nullable(z.string()),
  }),
);
const versionRows = z.array(z.object({ version: z.int() }));

/** {@link ReadDatabase} with the pg driver. */
export const readDatabase: ReadDatabase = async ({ config }, names, accounts) => {
  try {
    const client = await connectDatabase(config, accounts);
    try {
      return await ask(client, names);
    } finally {
      await endSession(client);
    }
  } catch (error) {
    return explain(error, config.password);
  }
};

async function ask(client: ClientBase, names: readonly string[]): Promise<DatabaseFacts> {
  // Nothing that somebody else has put into a schema of this database may answer for the server's own.
  await client.query('set search_path = pg_catalog');
  await client.query('set default_transaction_read_only = on');
  const query = async <T>(sql: string, schema: { parse(rows: unknown): T }): Promise<T> =>
    schema.parse((await client.query(sql)).rows);
  const [hba] =
    (await ifPermitted(query("select current_setting('hba_file') as setting", settingRows))) ?? [];
  const rules = await ifPermitted(query('select * from pg_hba_file_rules', ruleRows));
  const settings = await client.query(
    'select name, setting, pending_restart from pg_settings where name = any($1::text[])',
    [Object.values(SETTING_NAMES)],
  );
  const [loaded] = await query(
    'select extract(epoch from pg_conf_load_time())::float8 as at',
    timeRows,
  );
  const [server] = await query(
    "select current_setting('server_version_num')::int as version",
    versionRows,
  );
  const roles = await readRoles(client, names, server?.version ?? 0);
  return {
    hbaFile: hba?.setting,
    rules: rules?.map((row) => readRule(row, hba?.setting ?? 'pg_hba.conf')),
    loadedAt: loaded?.at,
    settings: parseSettings(settingsRows.parse(settings.rows)),
    roles,
  };
}

/** A row of the view, which does not tell names in quotes from words without. */
function readRule(row: z.output<typeof ruleRows>[number], defaultFile: string): HBAFileRule {
  const { type, database, user_name: user, address, netmask, auth_method: method } = row;
  const [file, line] = [row.file_name ?? defaultFile, row.line_number ?? 0];
  const place = { file, line, error: row.error ?? undefined };
  if (type === null || database === null || user === null || method === null) {
    return { ...place, rule: undefined };
  }
  const range =
    address === null || netmask === null ? undefined : parseMaskedRange(address, netmask);
  const rule: HBARule = {
    file,
    line,
    type,
    databases: database.map((text) => ({ text, quoted: false })),
    users: user.map((text) => ({ text, quoted: false })),
    address:
      address === null
        ? undefined
        : range !== undefined
          ? { kind: 'range', range, text: `${address}/${range.bits}` }
          : address === 'all'
            ? { kind: 'all' }
            : { kind: 'named', name: address.toLowerCase() },
    method,
    options: (row.options ?? []).map((option) => splitOption(option)),
  };
  return { ...place, rule };
}

/** SQLSTATE insufficient_privilege. */
const UNPRIVILEGED = '42501';

async function ifPermitted<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (codeOf(error) === UNPRIVILEGED) {
      return undefined;
    }
    throw error;
  }
}

function explain(error: unknown, password: unknown): string {
  const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const message = first instanceof Error ? first.message : String(first);
  // No server is known to repeat it, and none needs to be believed.
  return typeof password === 'string' && password !== '' && message.includes(password)
    ? 'the connection failed'
    : message;
}
