// The options of one line, as the plan that they make.
import { describe, expect, it } from 'vitest';

import { type PgpassOptions, planPgpass } from '../../../src/cli/pgpass/plan-pgpass.ts';

const GIVEN: PgpassOptions = {
  database: '*',
  timeout: 30,
  mode: 0o600,
  once: false,
  schema: false,
};
const plan = (
  options: Partial<PgpassOptions>,
  command: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) => planPgpass({ ...GIVEN, ...options }, command, { HOME: '/home/app', ...env });
const BASE = { host: 'db', user: 'alice', tokenFile: '/token' };

describe('options', () => {
  it('make a plan of one line', () => {
    expect(plan(BASE)).toEqual({
      file: '/home/app/.pgpass',
      mode: 0o600,
      once: false,
      lines: [
        {
          host: 'db',
          port: '5432',
          database: '*',
          user: { kind: 'name', name: 'alice' },
          source: { kind: 'file', path: '/token' },
        },
      ],
      afterChange: {},
    });
  });

  it('that are missing come from the environment, as with libpq', () => {
    const env = { PGHOST: 'a', PGPORT: '6432', PGUSER: 'bob', PGPASSFILE: '/run/pgpass' };
    expect(plan({ tokenFile: '/token' }, [], env)).toMatchObject({
      file: '/run/pgpass',
      lines: [{ host: 'a', port: '6432', user: { name: 'bob' } }],
    });
  });

  it('make a line for each host', () => {
    const of = (port?: string) => {
      const made = plan({ ...BASE, host: 'a,b', ...(port === undefined ? {} : { port }) });
      return typeof made === 'string'
        ? made
        : made.lines.map((line) => `${line.host}:${line.port}`);
    };
    expect(of()).toEqual(['a:5432', 'b:5432']);
    expect(of('1')).toEqual(['a:1', 'b:1']);
    expect(of('1,2')).toEqual(['a:1', 'b:2']);
  });

  it('name the role by a claim', () => {
    expect(plan({ host: 'db', tokenFile: '/t', userFrom: 'sub', trimPrefix: 'x:' })).toMatchObject({
      lines: [{ user: { kind: 'claim', claim: 'sub', trimPrefix: 'x:' } }],
    });
  });

  it.each([
    [{ gcpMetadata: 'postgres' }, [], { kind: 'gcp-metadata', audience: 'postgres' }],
    [{ azureImds: 'api://x' }, [], { kind: 'azure-imds', resource: 'api://x', clientID: 'me' }],
    [
      { awsSts: 'postgres' },
      [],
      { kind: 'aws-sts', audience: 'postgres', algorithm: 'ES384', duration: 300 },
    ],
    [
      { azureFederation: 'api://x/.default' },
      [],
      { kind: 'azure-federation', scope: 'api://x/.default' },
    ],
    [
      {},
      ['get-token', '--for=me'],
      { kind: 'exec', argv: ['get-token', '--for=me'], deadline: 30 },
    ],
  ])('name a source: %j %j', (options, command, source) => {
    const made = plan({ host: 'db', user: 'a', ...options }, command, { AZURE_CLIENT_ID: 'me' });
    expect(made).toMatchObject({ lines: [{ source }] });
  });

  const SOURCES =
    'expected one of --token-file, --gcp-metadata, --azure-imds, --azure-federation, --aws-sts, or a command after --';
  const PORTS = 'expected a number from 1 to 65535, or one for each host';
  it.each<
    readonly [options: Partial<PgpassOptions>, command: readonly string[], complaint: string]
  >([
    [{ host: 'db', user: 'a' }, [], `error: no source of tokens; ${SOURCES}`],
    [BASE, ['x'], `error: several sources of tokens; ${SOURCES}`],
    [
      { host: 'db', tokenFile: '/t' },
      [],
      'error: no role; expected --user, --user-from, or PGUSER in the environment',
    ],
    [{ ...BASE, userFrom: 'sub' }, [], 'error: --user and --user-from; expected one of them'],
    [
      { ...BASE, trimPrefix: 'x' },
      [],
      'error: --trim-prefix without --user-from; expected both or none',
    ],
    [
      { user: 'a', tokenFile: '/t' },
      [],
      'error: no host; expected --host, or PGHOST in the environment',
    ],
    [{ ...BASE, port: 'x' }, [], `error: port 'x' is invalid; ${PORTS}`],
    [{ ...BASE, port: '1,2' }, [], `error: port '1,2' is invalid; ${PORTS}`],
    [
      { ...BASE, user: 'a\nb' },
      [],
      'error: a line break in the host, database or role; expected none, as no line of the file can hold one',
    ],
  ])('that do not go together are told: %j %j', (options, command, complaint) => {
    expect(plan(options, command)).toBe(complaint);
  });
});
