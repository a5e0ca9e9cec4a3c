// The options of `pgtoken pgpass` for one line as a plan. What is left out is taken from the environment, as libpq does.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isFit } from '../../client/pgpass/name-role.ts';
import type { LinePlan, PgpassPlan, UserPlan } from '../../client/pgpass/pgpass-plan.ts';
import type { Address } from '../../client/health/parse-address.ts';
import type { Argv } from '../../client/sources/run-program.ts';
import type { SourcePlan } from '../../client/sources/source-plan.ts';

/** The options as they are given. */
export interface PgpassOptions {
  readonly host?: string;
  readonly port?: string;
  readonly database: string;
  readonly user?: string;
  readonly userFrom?: string;
  readonly trimPrefix?: string;
  readonly tokenFile?: string;
  readonly gcpMetadata?: string;
  readonly azureImds?: string;
  readonly azureFederation?: string;
  readonly awsSts?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly file?: string;
  readonly mode: number;
  readonly once: boolean;
  readonly signal?: string;
  readonly exec?: string;
  readonly readyFile?: string;
  readonly health?: Address;
  readonly config?: string;
  readonly schema: boolean;
}

/** @returns the plan, or what is wrong, as commander says it. */
export function planPgpass(
  options: PgpassOptions,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): PgpassPlan | string {
  const source = planSource(options, command, env);
  if (typeof source === 'string') {
    return source;
  }
  const user = planUser(options, env);
  if (typeof user === 'string') {
    return user;
  }
  const { mode, once, signal, exec, readyFile, health } = options;
  const lines = planLines(options, env, user, source);
  return typeof lines === 'string'
    ? lines
    : {
        file: findPgpass(options.file, env),
        mode,
        once,
        lines,
        afterChange: {
          ...(signal === undefined ? {} : { signal }),
          ...(exec === undefined ? {} : { exec: [exec] satisfies Argv }),
        },
        ...(readyFile === undefined ? {} : { readyFile: resolve(readyFile) }),
        ...(health === undefined ? {} : { health }),
      };
}

/** The .pgpass that is meant: where libpq looks, unless another is named. */
export function findPgpass(file: string | undefined, env: NodeJS.ProcessEnv): string {
  return resolve(file ?? (env['PGPASSFILE'] || join(env['HOME'] || homedir(), '.pgpass')));
}

function planSource(
  options: PgpassOptions,
  [program, ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): SourcePlan | string {
  const { tokenFile, gcpMetadata, azureImds, azureFederation, awsSts, timeout } = options;
  const sources: (SourcePlan | undefined)[] = [
    tokenFile === undefined ? undefined : { kind: 'file', path: resolve(tokenFile) },
    gcpMetadata === undefined ? undefined : { kind: 'gcp-metadata', audience: gcpMetadata },
    azureImds === undefined
      ? undefined
      : { kind: 'azure-imds', resource: azureImds, clientID: env['AZURE_CLIENT_ID'] },
    azureFederation === undefined
      ? undefined
      : { kind: 'azure-federation', scope: azureFederation },
    awsSts === undefined
      ? undefined
      : { kind: 'aws-sts', audience: awsSts, algorithm: 'ES384', duration: 300 },
    program === undefined
      ? undefined
      : { kind: 'exec', argv: [program, ...args], deadline: timeout },
  ];
  const [source, ...more] = sources.filter((one) => one !== undefined);
  return source === undefined || more.length > 0
    ? `error: ${source === undefined ? 'no source of tokens' : 'several sources of tokens'}; expected one of --token-file, --gcp-metadata, --azure-imds, --azure-federation, --aws-sts, or a command after --`
    : source;
}

function planUser(options: PgpassOptions, env: NodeJS.ProcessEnv): UserPlan | string {
  const { user, userFrom, trimPrefix } = options;
  if (userFrom !== undefined) {
    return user === undefined
      ? { kind: 'claim', claim: userFrom, trimPrefix: trimPrefix ?? '' }
      : 'error: --user and --user-from; expected one of them';
  }
  if (trimPrefix !== undefined) {
    return 'error: --trim-prefix without --user-from; expected both or none';
  }
  const name = user ?? env['PGUSER'];
  return name === undefined || name === ''
    ? 'error: no role; expected --user, --user-from, or PGUSER in the environment'
    : { kind: 'name', name };
}

/** One for each host, as libpq has several in one text, with a port for each or one for all. */
function planLines(
  { host, port, database }: PgpassOptions,
  env: NodeJS.ProcessEnv,
  user: UserPlan,
  source: SourcePlan,
): readonly LinePlan[] | string {
  const hosts = (host ?? env['PGHOST'] ?? '').split(',');
  const ports = (port ?? (env['PGPORT'] || '5432')).split(',');
  const faulty = ports.find((one) => !(/^[1-9][0-9]{0,4}$/.test(one) && Number(one) <= 65_535));
  if (hosts.includes('')) {
    return 'error: no host; expected --host, or PGHOST in the environment';
  }
  if (faulty !== undefined || (ports.length > 1 && ports.length !== hosts.length)) {
    return `error: port '${port ?? env['PGPORT'] ?? ''}' is invalid; expected a number from 1 to 65535, or one for each host`;
  }
  const texts = [...hosts, database, ...(user.kind === 'name' ? [user.name] : [])];
  if (!texts.every(isFit)) {
    return 'error: a line break in the host, database or role; expected none, as no line of the file can hold one';
  }
  return hosts.map((one, at) => ({
    host: one,
    port: ports[at] ?? ports[0] ?? '',
    database,
    user,
    source,
  }));
}
