// A live kube-apiserver on the loopback interface, with an etcd of its own: started, asked by HTTPS as its administrator or as
// anybody, by kubectl, and started anew with other keys, issuers and flags while what it holds stays. Everything is in a
// temporary folder, and ends with it or with the tests.
//
// There is no kubelet and no scheduler. Controllers are start-controller-manager.ts's.
import { request } from 'node:https';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stringify } from 'yaml';

import type { CertificateAuthority } from '../../support/certificate-authority.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { run, type RunResult } from '../../support/run.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { startProcess, type StartedProcess } from '../machine/start-process.ts';
import type { Peer } from '../part.ts';
import type { AccountKey } from './create-account-key.ts';
import { startEtcd } from './start-etcd.ts';

export interface ApiServerSettings {
  /** `--service-account-issuer`: the first one signs, the others stay valid at the API server. */
  readonly issuers: readonly string[];
  /** The first one signs, all are published. */
  readonly keys: readonly AccountKey[];
  /** More flags, such as `--anonymous-auth=false`. */
  readonly flags?: readonly string[];
}

export interface ApiServerOptions extends ApiServerSettings {
  readonly peer: Peer;
  /** Signs the certificate of the API server. */
  readonly authority: CertificateAuthority;
  /** Names that its certificate has beside those of every cluster. */
  readonly names?: readonly string[];
}

export interface ApiServerRequest {
  /** Default: GET. */
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Whose request it is: the administrator's, nobody's, or the bearer's of this token. Default: the administrator's. */
  readonly as?: 'admin' | 'nobody' | { readonly token: string };
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  /** The body parsed; throws when it is no JSON. */
  readonly json: () => unknown;
}

export interface ApiServer extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`; the same after a restart. */
  readonly url: string;
  /** What kubeadm has as /etc/kubernetes/pki/ca.crt: the authority's certificate, PEM. */
  readonly certificateAuthority: string;
  /** A file with the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Where its files are. */
  readonly folder: string;
  readonly ask: (path: string, options?: ApiServerRequest) => Promise<ApiServerAnswer>;
  /** kubectl as administrator; throws unless it exits 0. @returns its standard output. */
  readonly kubectl: (args: readonly string[], stdin?: string) => Promise<string>;
  /** kubectl as administrator, whatever its exit status is. */
  readonly tryKubectl: (args: readonly string[], stdin?: string) => Promise<RunResult>;
  /** Ends it and starts it with other settings; those that are not given stay. */
  readonly restart: (settings: Partial<ApiServerSettings>) => Promise<void>;
}

/** Known to the API server by --token-auth-file; worth nothing outside of the test. */
const ADMIN_TOKEN = 'administrator-of-a-throwaway-cluster';
/** What an API server's certificate is valid for, in every cluster. */
const NAMES = [
  'DNS:localhost',
  'IP:127.0.0.1',
  'DNS:kubernetes.default.svc',
  'DNS:kubernetes.default.svc.cluster.local',
];

/** Starts it, and waits until it is ready. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { peer, authority, names = [] } = options;
  const stack = new AsyncDisposableStack();
  try {
    const folder = stack.use(await createTemporaryFolder('kubernetes'));
    const inside = (name: string): string => join(folder.path, name);
    const etcd = stack.use(await startEtcd(programOf(peer, 'etcd'), folder.path));
    const port = await findFreePort();
    const url = `https://127.0.0.1:${port}`;
    const certificate = await authority.issue([...NAMES, ...names.map((name) => `DNS:${name}`)]);
    const kubeconfig = inside('kubeconfig');
    await writeFile(inside('ca.crt'), authority.certificate);
    await writeFile(inside('server.crt'), certificate.cert);
    await writeFile(inside('server.key'), certificate.key, { mode: 0o600 });
    await writeFile(inside('tokens.csv'), `${ADMIN_TOKEN},admin,admin,system:masters\n`, {
      mode: 0o600,
    });
    await writeFile(kubeconfig, kubeconfigOf(url, inside('ca.crt')), { mode: 0o600 });
    await mkdir(inside('home'));

    const ask: ApiServer['ask'] = async (path, given) =>
      askServer(new URL(path, url), authority.certificate, given);
    const tryKubectl: ApiServer['tryKubectl'] = async (args, stdin = '') =>
      run(programOf(peer, 'kubectl'), args, {
        cwd: folder.path,
        env: { HOME: inside('home'), KUBECONFIG: kubeconfig },
        stdin,
        hangLimit: 60_000,
      });

    let settings: ApiServerSettings = options;
    let server: StartedProcess | undefined;
    stack.defer(async () => server?.stop());
    const start = async (): Promise<void> => {
      const files = await writeKeys(folder.path, settings.keys);
      server = startProcess({
        command: [
          programOf(peer, 'kube-apiserver'),
          `--etcd-servers=${etcd.url}`,
          '--bind-address=127.0.0.1',
          `--secure-port=${port}`,
          // What pods would find it by; nobody connects there (RFC 5737).
          '--advertise-address=192.0.2.1',
          '--endpoint-reconciler-type=none',
          '--service-cluster-ip-range=10.96.0.0/16',
          `--cert-dir=${inside('certificates')}`,
          `--tls-cert-file=${inside('server.crt')}`,
          `--tls-private-key-file=${inside('server.key')}`,
          `--token-auth-file=${inside('tokens.csv')}`,
          '--authorization-mode=RBAC',
          ...settings.issuers.map((issuer) => `--service-account-issuer=${issuer}`),
          `--service-account-signing-key-file=${files.signing}`,
          ...files.published.map((file) => `--service-account-key-file=${file}`),
          ...(settings.flags ?? []),
        ],
      });
      await server.until('an API server that is ready', async () =>
        ask('/readyz').then(
          ({ status }) => status === 200,
          () => false,
        ),
      );
    };
    await start();
    const owned = stack.move();
    return {
      url,
      certificateAuthority: authority.certificate,
      kubeconfig,
      folder: folder.path,
      ask,
      tryKubectl,
      kubectl: async (args, stdin) => {
        const { status, stdout, stderr } = await tryKubectl(args, stdin);
        if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stdout}${stderr}`);
        return stdout;
      },
      restart: async (changes) => {
        settings = { ...settings, ...changes };
        await server?.stop();
        await start();
      },
      [Symbol.asyncDispose]: async () => owned.disposeAsync(),
    };
  } finally {
    // Empty once it has been moved.
    await stack.disposeAsync();
  }
}

/** @returns the path of a program that the part has prepared. */
export function programOf({ programs }: Peer, name: string): string {
  const path = programs[name];
  if (path === undefined) throw new Error(`${name} is not among the programs that were prepared`);
  return path;
}

async function writeKeys(
  folder: string,
  keys: readonly AccountKey[],
): Promise<{ readonly signing: string; readonly published: readonly string[] }> {
  const [first] = keys;
  if (first === undefined) throw new Error('an API server needs a key to sign with');
  const signing = join(folder, 'sa.key');
  await writeFile(signing, first.privateKey, { mode: 0o600 });
  const published = keys.map((_, at) => join(folder, `sa-${at}.pub`));
  for (const [at, { publicKey }] of keys.entries()) {
    await writeFile(published[at] ?? '', publicKey);
  }
  return { signing, published };
}

function kubeconfigOf(server: string, authority: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': authority } }],
    users: [{ name: 'admin', user: { token: ADMIN_TOKEN } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
}

async function askServer(
  url: URL,
  ca: string,
  { method = 'GET', body, as = 'admin', headers = {} }: ApiServerRequest = {},
): Promise<ApiServerAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ApiServerAnswer>();
  const token = as === 'admin' ? ADMIN_TOKEN : as === 'nobody' ? undefined : as.token;
  const outgoing = request(
    url,
    {
      method,
      ca,
      agent: false,
      timeout: 30_000,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          json: (): unknown => JSON.parse(text),
        });
      });
    },
  );
  outgoing.on('timeout', () => outgoing.destroy(new Error(`${url.href}: no answer in 30 s`)));
  outgoing.on('error', reject);
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
