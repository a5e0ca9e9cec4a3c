// Where a token comes from, as the files of the client's side say it: one key for each kind of source.
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import * as values from '../../values/values.ts';
import type { Argv } from '../sources/run-program.ts';
import type { SourcePlan } from '../sources/source-plan.ts';
import { argv } from './fields.ts';

/** The kinds, of which exactly one is written. */
export const tokenSchema = z
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
    awsSTS: z.optional(
      z.strictObject({
        audience: values.text(
          'The audience that AWS STS is asked for a web identity token for. Who asks is in the environment: keys, a role of a service account (IRSA), or the agent of the container.',
        ),
        algorithm: z._default(
          z
            .enum(['ES384', 'RS256'])
            .check(
              z.meta({ title: '`ES384`, `RS256`', description: 'What AWS is to sign it with.' }),
            ),
          'ES384',
        ),
        duration: z.prefault(values.duration('How long it is to live.', '60s', '1h'), '5m'),
      }),
    ),
  })
  .check(
    values.oneOf(['file', 'exec', 'gcpMetadata', 'azureIMDS', 'azureFederation', 'awsSTS']),
    z.check(({ value, issues }) => {
      const kinds = Object.keys(value);
      if (kinds.length !== 1) {
        const message =
          'Invalid value: expected exactly one of file, exec, gcpMetadata, azureIMDS, azureFederation, awsSTS';
        issues.push({ code: 'custom', message, input: value });
      }
    }),
  );

/** Such a mapping as a plan; the schema has seen that there is exactly one kind. @param folder that relative paths count from. */
export function toSource(
  {
    file = '',
    exec,
    gcpMetadata,
    azureIMDS,
    azureFederation,
    awsSTS,
  }: z.output<typeof tokenSchema>,
  folder: string,
): SourcePlan {
  if (exec !== undefined) {
    return { kind: 'exec', argv: toArgv(exec.command), deadline: exec.timeout };
  }
  if (gcpMetadata !== undefined) {
    return { kind: 'gcp-metadata', ...gcpMetadata };
  }
  if (azureIMDS !== undefined) {
    return { kind: 'azure-imds', resource: azureIMDS.resource, clientID: azureIMDS.clientID };
  }
  if (awsSTS !== undefined) {
    return { kind: 'aws-sts', ...awsSTS };
  }
  return azureFederation === undefined
    ? { kind: 'file', path: resolve(folder, file) }
    : { kind: 'azure-federation', ...azureFederation };
}

/** A list that the schema has seen not to be empty. */
export function toArgv([program = '', ...args]: readonly string[]): Argv {
  return [program, ...args];
}
