// The nginx of packaging/examples/kubernetes/discovery-proxy.yaml as its pod would run it: the configuration from the ConfigMap,
// the certificate from the Secret and the cluster's authority from kube-root-ca.crt, all of them as the API server has them.
// What differs from a pod is replaced, and has to be there: its paths, its port, and the name that only pods can resolve.
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod/mini';

import { ownedByServerUser } from '../../support/as-server-user.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { runChecked } from '../../support/run-checked.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { writeSecret } from '../../support/write-secret.ts';
import { startProcess } from '../machine/start-process.ts';
import type { Peer } from '../part.ts';
import { type ApiServer, programOf } from './start-api-server.ts';

export interface DiscoveryProxy extends AsyncDisposable {
  readonly port: number;
}

const NAMESPACE = 'oidc-discovery';
const withData = z.looseObject({ data: z.record(z.string(), z.string()) });

export async function startDiscoveryProxy(peer: Peer, api: ApiServer): Promise<DiscoveryProxy> {
  const read = async (kind: string, name: string): Promise<Readonly<Record<string, string>>> => {
    const text = await api.kubectl(['get', kind, name, '-n', NAMESPACE, '-o', 'json']);
    return withData.parse(JSON.parse(text)).data;
  };
  const decode = (text = ''): string => Buffer.from(text, 'base64').toString('utf8');
  const { 'nginx.conf': configuration = '' } = await read('configmap', 'oidc-discovery');
  const { 'ca.crt': authority = '' } = await read('configmap', 'kube-root-ca.crt');
  const certificate = await read('secret', 'oidc-discovery-tls');

  const stack = new AsyncDisposableStack();
  try {
    const folder = stack.use(await createTemporaryFolder('nginx'));
    const inside = (path: string): string => join(folder.path, path);
    await mkdir(inside('nginx/cluster'), { recursive: true });
    await mkdir(inside('nginx/tls'));
    await runChecked('install', ['-d', '-m', '0755', ...ownedByServerUser(), inside('tmp')]);
    await writeFile(inside('nginx/cluster/ca.crt'), authority, { mode: 0o644 });
    await writeSecret(inside('nginx/tls/tls.crt'), decode(certificate['tls.crt']));
    await writeSecret(inside('nginx/tls/tls.key'), decode(certificate['tls.key']));
    await writeSecret(inside('tmp/error.log'), '');
    // Where its user may read it, wherever the cache is.
    await copyFile(programOf(peer, 'nginx'), inside('nginx/nginx'));
    await chmod(inside('nginx/nginx'), 0o755);
    const port = await findFreePort();
    const here = replaceAll(configuration, {
      '/tmp/': `${inside('tmp')}/`,
      '/etc/nginx/': `${inside('nginx')}/`,
      '/dev/stderr': inside('tmp/error.log'),
      'listen 8443 ssl': `listen 127.0.0.1:${port} ssl`,
      'proxy_pass https://kubernetes.default.svc/': `proxy_pass ${api.url}/`,
    });
    await writeFile(inside('nginx/nginx.conf'), here, { mode: 0o644 });
    const options = ['-e', inside('tmp/error.log'), '-c', inside('nginx/nginx.conf')];
    const process = stack.use(
      startProcess({
        // As in the pod, it is not root.
        command: [inside('nginx/nginx'), ...options, '-g', 'daemon off;'],
        asServerUser: true,
      }),
    );
    await process.until('an nginx that answers', async () =>
      runChecked('test', ['-s', inside('tmp/nginx.pid')]).then(
        () => true,
        () => false,
      ),
    );
    const owned = stack.move();
    return { port, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
  } finally {
    await stack.disposeAsync();
  }
}

function replaceAll(text: string, replacements: Readonly<Record<string, string>>): string {
  let result = text;
  for (const [old, replacement] of Object.entries(replacements)) {
    if (!result.includes(old)) throw new Error(`${old} is not in\n${text}`);
    result = result.replaceAll(old, () => replacement);
  }
  return result;
}
