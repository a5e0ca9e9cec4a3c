// What kubectl can tell of the cluster of its context: issuer, keys, certificate authority. Of its configuration, which has
// the credentials of whoever runs this, nothing else is kept, and none of it is shown.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describeFileError } from '../../describe-file-error.ts';
import { hideTokens } from '../../hide-tokens.ts';
import { isJSONObject, parseJSONObject, type JSONObject } from '../../parse-json-object.ts';
import { quote } from '../../quote.ts';
import { findClaim } from '../../claims/claim.ts';
import type { InitProblem } from '../init-problem.ts';

/** The longest that kubectl may take for one answer, in milliseconds. */
const TIMEOUT = 10_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
const MAX_PEM_BYTES = 256 * 1024;

/** What there is to know of a cluster. */
export interface Cluster {
  readonly context: string;
  /** Where its API server is, with the port. */
  readonly apiServer: string;
  /** In PEM; undefined where the context has none. */
  readonly certificateAuthority: string | undefined;
  readonly issuer: string;
  /** Its key set, as the API server writes it. */
  readonly jwks: string;
}

/** What became of kubectl. */
interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

/** Runs kubectl with these arguments. Never rejects. */
export type RunKubectl = (args: readonly string[]) => Promise<Answer>;

/** Whether there is one. */
export async function hasKubectl(run: RunKubectl = runKubectl): Promise<boolean> {
  return (await run(['version', '--client'])).ok;
}

/** @param context undefined: the current one. */
export async function askKubectl(
  context: string | undefined,
  run: RunKubectl = runKubectl,
): Promise<Cluster | InitProblem> {
  const chosen = context === undefined ? [] : ['--context', context];
  const config = await readObject(run, [
    'config',
    'view',
    '--raw',
    '--minify',
    '--output=json',
    ...chosen,
  ]);
  if ('problem' in config) {
    return config;
  }
  const cluster = findCluster(config.object);
  if ('problem' in cluster) {
    return cluster;
  }
  const discovery = await readObject(run, [
    'get',
    '--raw',
    '/.well-known/openid-configuration',
    ...chosen,
  ]);
  if ('problem' in discovery) {
    return discovery;
  }
  const { issuer } = discovery.object;
  if (typeof issuer !== 'string') {
    return {
      problem: `the cluster's discovery document has issuer ${quote(issuer)}; expected a URL`,
      hint: 'Look at kubectl get --raw /.well-known/openid-configuration.',
      isInTheWay: true,
    };
  }
  const keys = await readObject(run, ['get', '--raw', '/openid/v1/jwks', ...chosen]);
  if ('problem' in keys) {
    return keys;
  }
  return { ...cluster, issuer, jwks: `${JSON.stringify(keys.object, undefined, 2)}\n` };
}

type Trusted = Pick<Cluster, 'context' | 'apiServer' | 'certificateAuthority'>;

function findCluster(config: JSONObject): Trusted | InitProblem {
  const cluster = findClaim(config, '/clusters/0/cluster');
  const server = isJSONObject(cluster) ? cluster['server'] : undefined;
  if (!isJSONObject(cluster) || typeof server !== 'string' || !URL.canParse(server)) {
    return {
      problem: `the context of kubectl names no API server: ${quote(server)}`,
      hint: 'Choose another with --kubectl CONTEXT; kubectl config get-contexts lists them.',
      isInTheWay: true,
    };
  }
  const { hostname, port } = new URL(server);
  const context = config['current-context'];
  const { 'certificate-authority-data': data, 'certificate-authority': file } = cluster;
  const authority = readAuthority(data, file);
  return typeof authority === 'object'
    ? authority
    : {
        context: typeof context === 'string' ? context : '',
        apiServer: `${hostname}:${port === '' ? '443' : port}`,
        certificateAuthority: authority,
      };
}

function readAuthority(data: unknown, file: unknown): string | undefined | InitProblem {
  if (typeof data === 'string') {
    return Buffer.from(data, 'base64').toString('utf8').slice(0, MAX_PEM_BYTES);
  }
  if (typeof file !== 'string') {
    return undefined;
  }
  try {
    return readFileSync(file, 'utf8').slice(0, MAX_PEM_BYTES);
  } catch (error) {
    return {
      problem: `the certificate authority of the context, ${quote(file)}, cannot be read: ${describeFileError(error)}`,
      hint: 'Run this as a user who may read it.',
      isInTheWay: true,
    };
  }
}

async function readObject(
  run: RunKubectl,
  args: readonly string[],
): Promise<{ readonly object: JSONObject } | InitProblem> {
  const command = `kubectl ${args.slice(0, 3).join(' ')}`;
  const { ok, text } = await run(args);
  if (!ok) {
    return {
      problem: `${command} failed: ${quote(hideTokens(text.trim().split('\n')[0] ?? ''))}`,
      hint: 'Check kubectl by itself (kubectl version); --kubectl CONTEXT chooses another context; with --url no kubectl is needed.',
      isInTheWay: true,
    };
  }
  const object = parseJSONObject(Buffer.from(text));
  return typeof object === 'string'
    ? {
        problem: `${command} answered something else than a JSON object: ${object}`,
        hint: 'Check kubectl by itself; a program of that name may be in its place.',
        isInTheWay: true,
      }
    : { object };
}

/** With the environment of whoever runs this: their configuration, and what logs them in. */
async function runKubectl(args: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile(
      'kubectl',
      args,
      { timeout: TIMEOUT, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve({ ok: true, text: stdout });
        } else {
          const reason = error.killed === true ? `no answer within ${TIMEOUT / 1000} s` : undefined;
          const absent = error.code === 'ENOENT' ? 'there is no such program' : undefined;
          resolve({ ok: false, text: reason ?? absent ?? (stderr || `exit status ${error.code}`) });
        }
      },
    );
    child.stdin?.on('error', () => undefined).end();
  });
}
