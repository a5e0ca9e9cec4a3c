// The shape of pgpass.yaml: every key with its type, default and meaning. Validation, the types of the program, the JSON Schema
// for editors and the table of docs/connect/pgpass.md all come from here.
import * as z from 'zod/mini';
import * as values from '../../values/values.ts';
import { parseLoopbackAddress } from '../pgpass/parse-address.ts';
import { MODE_PATTERN, parseMode } from '../pgpass/parse-mode.ts';
import { isFit } from '../pgpass/name-role.ts';

const field = (description: string) =>
  values
    .text(description)
    .check(z.refine(isFit, 'must have no line break, which a line of the file cannot hold'));

const argv = (description: string) =>
  z
    .array(z.string({ error: 'expected text' }), {
      error: 'expected a list: the program and its arguments',
    })
    .check(
      z.refine(
        ([program]) => program === undefined || program !== '',
        'must begin with the name of a program',
      ),
      z.minLength(1, 'must not be empty'),
      z.meta({ title: 'list of text, at least one', description }),
    );

const tokenSchema = z
  .strictObject({
    file: z.optional(values.path('A file that somebody else keeps fresh; it is followed.')),
    exec: z.optional(
      z.strictObject({
        command: argv(
          'A program, with its arguments as they are and no shell. It prints a token, or an ExecCredential of client-go.',
        ),
        timeout: z.prefault(
          values.duration(
            'How long it may take; then it is killed with all that it has started.',
            '100ms',
            '10m',
          ),
          '30s',
        ),
      }),
    ),
    gcpMetadata: z.optional(
      z.strictObject({
        audience: values.text(
          "The audience that Google's metadata server is asked for an identity token for.",
        ),
      }),
    ),
    azureIMDS: z.optional(
      z.strictObject({
        resource: values.text(
          "The application ID URI that Azure's metadata service is asked for an access token for.",
        ),
        clientID: z.optional(
          values.text(
            'The client ID of a user-assigned identity; left out, the one that the machine has.',
          ),
        ),
      }),
    ),
    azureFederation: z.optional(
      z.strictObject({
        scope: values.text(
          'What Microsoft Entra is asked for an access token for, such as `api://postgres/.default`. Which workload asks is in the environment, as the webhook of Azure workload identity sets it.',
        ),
      }),
    ),
  })
  .check(
    values.oneOf(['file', 'exec', 'gcpMetadata', 'azureIMDS', 'azureFederation']),
    z.check(({ value, issues }) => {
      const kinds = Object.keys(value);
      if (kinds.length !== 1) {
        const message =
          'Invalid value: expected exactly one of file, exec, gcpMetadata, azureIMDS, azureFederation';
        issues.push({ code: 'custom', message, input: value });
      }
    }),
  );

const lineSchema = z
  .strictObject({
    host: field(
      'The server, as the client names it: libpq compares texts. For the default folder of the unix socket it is `localhost`.',
    ),
    port: z._default(
      z
        .int('expected a port, 1 to 65535')
        .check(
          z.minimum(1, 'must be 1 to 65535'),
          z.maximum(65_535, 'must be 1 to 65535'),
          z.meta({ title: 'port, 1 to 65535', description: 'The port, as the client names it.' }),
        ),
      5432,
    ),
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
  health: z.pipe(
    z.optional(
      values
        .text(
          'Where `/readyz` and `/livez` are served, such as `127.0.0.1:10433`.',
          'loopback address',
        )
        .check(
          z.refine(
            (value) => value === '' || parseLoopbackAddress(value) !== undefined,
            'must be 127.0.0.1:PORT or [::1]:PORT, as it tells who logs in where',
          ),
        ),
    ),
    z.transform((value: string | undefined) =>
      value === undefined ? undefined : parseLoopbackAddress(value),
    ),
  ),
});

/** The file as the program uses it. */
export type PgpassConfig = z.output<typeof pgpassSchema>;
