// The shape of pgpass.yaml: every key with its type, default and meaning. Validation, the types of the program, the JSON Schema
// for editors and the table of docs/connect/pgpass.md all come from here.
import * as z from 'zod/mini';
import * as values from '../../values/values.ts';
import { MODE_PATTERN, parseMode } from '../pgpass/parse-mode.ts';
import { isFit } from '../pgpass/name-role.ts';
import { argv, health, port } from './fields.ts';
import { tokenSchema } from './token-schema.ts';

const field = (description: string) =>
  values
    .text(description)
    .check(z.refine(isFit, 'must have no line break, which a line of the file cannot hold'));

const lineSchema = z
  .strictObject({
    host: field(
      'The server, as the client names it: libpq compares texts. For the default folder of the unix socket it is `localhost`.',
    ),
    port: z._default(port('The port, as the client names it.'), 5432),
    database: z._default(field('The database; `*` stands for any.'), '*'),
    user: z.optional(field('The role. Either this or `userFrom`.')),
    userFrom: z.optional(
      z.strictObject({
        claim: values.claim('The claim of the token that names the role.'),
        trimPrefix: z._default(
          z.string({ error: 'expected text' }).check(
            z.meta({
              title: 'text',
              description: 'What stands in front of the role, as in the role rule of issuers.yaml.',
            }),
          ),
          '',
        ),
      }),
    ),
    token: tokenSchema,
  })
  .check(
    values.oneOf(['user', 'userFrom']),
    z.check(({ value, issues }) => {
      if ((value.user === undefined) === (value.userFrom === undefined)) {
        issues.push({
          code: 'custom',
          message: 'Invalid value: expected exactly one of user, userFrom',
          input: value,
        });
      }
    }),
  );

/** The schema of the whole file. */
export const pgpassSchema = z.strictObject({
  apiVersion: z.literal('pgtoken/v1').check(z.describe('Always `pgtoken/v1`.')),
  file: z.optional(
    values.path('The .pgpass. Left out, what `PGPASSFILE` names, or `~/.pgpass`, as for libpq.'),
  ),
  mode: z.pipe(
    z._default(
      z.union([z.int(), z.string()], { error: 'expected permissions, such as "0600"' }).check(
        z.refine(
          (value) => MODE_PATTERN.test(String(value)),
          'must be "0600" or "0400"; or "0640" or "0440", which libpq passes over',
        ),
        z.meta({
          title: 'permissions',
          description:
            'The permissions of the file. libpq passes over a file on which the group has any right; other readers may need `"0640"`.',
        }),
      ),
      '0600',
    ),
    z.transform((value: number | string) => parseMode(String(value)) ?? 0o600),
  ),
  lines: z
    .array(lineSchema, { error: 'expected a list of lines' })
    .check(
      z.minLength(1, 'must not be empty'),
      z.meta({ title: 'list, at least one', description: 'The lines that are kept.' }),
    ),
  afterChange: z._default(
    z.strictObject({
      signal: z.optional(
        values.text('Who gets SIGHUP after a change: a process ID, or the file that has it.'),
      ),
      exec: z.optional(
        argv('What is run after a change, without a shell, for 30 seconds at most.'),
      ),
    }),
    {},
  ),
  readyFile: z.optional(
    values.path('A file that is there while every line has a token that has not expired.'),
  ),
  health: health('Where `/readyz` and `/livez` are served, such as `127.0.0.1:10433`.'),
});

/** The file as the program uses it. */
export type PgpassConfig = z.output<typeof pgpassSchema>;
