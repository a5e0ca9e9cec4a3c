// The shape of pooler.yaml: every key with its type, default and meaning. Validation, the types of the program, the JSON Schema
// for editors and the table of docs/connect/pooler.md all come from here.
import * as z from 'zod/mini';
import * as values from '../../values/values.ts';
import { parseAddress } from '../health/parse-address.ts';
import { port } from './fields.ts';
import { tokenSchema } from './token-schema.ts';

/** What PostgreSQL keeps of a name, in bytes (NAMEDATALEN - 1). */
const MAX_NAME_BYTES = 63;
/** PgBouncer reads it up to a line break, and some of its values up to a NUL. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x1f\x7f]/;

const plain = (description: string, title = 'text') =>
  values
    .text(description, title)
    .check(z.refine((value) => !CONTROL.test(value), 'must have no control character'));

/** A file or a folder in pgbouncer.ini, whose lines lose the space at their end. */
const iniPath = (description: string) =>
  plain(description, 'path').check(
    z.refine((value) => value === value.trim(), 'must not begin or end with a space'),
  );

const name = (description: string) =>
  plain(description).check(
    z.refine(
      (value) => Buffer.byteLength(value) <= MAX_NAME_BYTES,
      `must have at most ${MAX_NAME_BYTES} bytes, to which PostgreSQL cuts names`,
    ),
  );

const count = (description: string, most: number) =>
  z
    .int('expected a whole number')
    .check(
      z.minimum(1, `must be 1 to ${most}`),
      z.maximum(most, `must be 1 to ${most}`),
      z.meta({ title: `number, 1 to ${most}`, description }),
    );

const choice = <const T extends readonly string[]>(of: T, description: string) =>
  z.enum(of).check(z.meta({ title: of.map((one) => `\`${one}\``).join(', '), description }));

const tenantSchema = z.strictObject({
  alias: values.text('The name of the database for clients of the pooler.', 'name').check(
    z.refine(
      (value) => value === '' || /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/.test(value),
      'must be 1 to 63 letters, digits, "_", "." or "-", and begin with none of the last two',
    ),
    z.refine(
      (value) => value.toLowerCase() !== 'pgbouncer',
      "must be another name: this is PgBouncer's console",
    ),
  ),
  host: plain('The server: a name, an address, or the folder of a unix socket.', 'host').check(
    z.refine(
      (value) => value === '' || /^(?:[A-Za-z0-9._:-]+|\/.*)$/.test(value),
      'must be one host name or address, or the path of a folder',
    ),
  ),
  port: z._default(port('The port of the server.'), 5432),
  database: z.optional(
    name('The database on the server. Left out, it is called there as `alias` says.'),
  ),
  role: name('The role to log in as, which clients of the pooler name as their user as well.'),
  token: tokenSchema,
  poolSize: z._default(count('How many connections to the server there are at most.', 10_000), 20),
  poolMode: z._default(
    choice(
      ['session', 'transaction', 'statement'],
      'When a client gives its connection to the server back. Nothing but `session` is without a change for every application.',
    ),
    'session',
  ),
  serverLifetime: z.optional(
    values.duration(
      'After which time a connection to the server that no client uses is replaced. Left out, after 15 % of the life of the token.',
      '1s',
      '7d',
    ),
  ),
});

const listenSchema = z._default(
  z.strictObject({
    folder: z.optional(
      iniPath(
        'The folder of the unix socket that clients connect to. Left out, that of `--folder`, which nobody but the own user may enter.',
      ),
    ),
    mode: z._default(
      choice(
        ['0700', '0770'],
        'The permissions of the unix socket: who may connect to it logs in as these roles. `"0770"` is for the group as well.',
      ),
      '0700',
    ),
    address: z.optional(
      values
        .text(
          'An address of the loopback interface to listen at as well. **Every user of the host may connect there.**',
          'loopback address',
        )
        .check(
          z.refine(
            (value) => value === '' || /^(?:127(?:\.\d{1,3}){3}|::1)$/.test(value),
            'must be 127.0.0.1 or ::1: whoever connects logs in without a password',
          ),
        ),
    ),
    port: z._default(port('The port, which the unix socket is called after as well.'), 6432),
  }),
  { mode: '0700', port: 6432 },
);

const tlsSchema = z._default(
  z.strictObject({
    mode: z._default(
      choice(
        ['verify-full', 'verify-ca', 'disable'],
        'What is demanded of the servers, all of them: `verify-ca` does not look at their name; `disable` is accepted for a unix socket and the loopback interface alone.',
      ),
      'verify-full',
    ),
    caFile: z._default(
      iniPath('The certificates of the authorities that may have signed theirs, PEM.'),
      '/etc/ssl/certs/ca-certificates.crt',
    ),
  }),
  { mode: 'verify-full', caFile: '/etc/ssl/certs/ca-certificates.crt' },
);

const programSchema = z._default(
  z.strictObject({
    path: z._default(iniPath('PgBouncer, 1.25.2 or newer.'), '/usr/sbin/pgbouncer'),
    maxClients: z._default(count('How many clients there are at most.', 100_000), 1000),
    ignoreStartupParameters: z._default(
      z
        .array(
          z.string().check(z.regex(/^[a-z_][a-z0-9_.]{0,62}$/, 'must be the name of a parameter')),
        )
        .check(
          z.meta({
            title: 'list of text',
            description:
              'Parameters in the startup packet of clients that PgBouncer passes over instead of refusing the login. JDBC sends `extra_float_digits`.',
          }),
        ),
      ['extra_float_digits'],
    ),
  }),
  {
    path: '/usr/sbin/pgbouncer',
    maxClients: 1000,
    ignoreStartupParameters: ['extra_float_digits'],
  },
);

/** The schema of the whole file. */
export const poolerSchema = z
  .strictObject({
    apiVersion: z.literal('pgtoken/v1').check(z.describe('Always `pgtoken/v1`.')),
    listen: listenSchema,
    tls: tlsSchema,
    tenants: z
      .array(tenantSchema, { error: 'expected a list of tenants' })
      .check(
        z.minLength(1, 'must not be empty'),
        z.meta({ title: 'list, at least one', description: 'The databases that clients find.' }),
      ),
    pgbouncer: programSchema,
    drain: z.prefault(
      values.duration(
        'How long clients may go on after SIGTERM. Then they are disconnected.',
        '1s',
        '1h',
      ),
      '20s',
    ),
    readyFile: z.optional(
      values.path(
        'A file that is there while PgBouncer answers and every tenant has a token that has not expired.',
      ),
    ),
    health: z.pipe(
      z.optional(
        values
          .text(
            'Where `/readyz`, `/livez` and `/metrics` are served, such as `127.0.0.1:10434`. They name hosts and roles to whoever can connect there, and no token.',
            'address and port',
          )
          .check(
            z.refine(
              (value) => value === '' || parseAddress(value) !== undefined,
              'must be ADDRESS:PORT, with an address of IPv6 in brackets',
            ),
          ),
      ),
      z.transform((value: string | undefined) =>
        value === undefined ? undefined : parseAddress(value),
      ),
    ),
  })
  .check(
    z.check(({ value, issues }) => {
      const seen = new Set<string>();
      for (const [at, { alias, host }] of value.tenants.entries()) {
        if (seen.has(alias)) {
          const message = `Duplicate value: "${alias}": another tenant has this alias`;
          issues.push({ code: 'custom', message, input: alias, path: ['tenants', at, 'alias'] });
        }
        seen.add(alias);
        if (value.tls.mode === 'disable' && !isOnThisHost(host)) {
          const message =
            'Invalid value: "disable": tenants are on other hosts, where the token would travel as it is';
          issues.push({ code: 'custom', message, input: value.tls.mode, path: ['tls', 'mode'] });
        }
      }
    }),
  );

/** By its text: what a name leads to may change. */
function isOnThisHost(host: string): boolean {
  return /^(?:\/|127(?:\.\d{1,3}){3}$|::1$|localhost$)/.test(host);
}

/** The file as the program uses it. */
export type PoolerConfig = z.output<typeof poolerSchema>;
