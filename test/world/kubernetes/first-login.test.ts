// The first login of docs/start/first-login.md against a live API server: the token is the one that kubectl gets, and the keys are
// those that the API server publishes. In the second and the third way kubectl is on the database host.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, inject, it } from 'vitest';

import {
  type FirstIssuer,
  ISSUER,
  logInFirst,
  MOST_COMMANDS,
  MOST_TIME,
  readCommands,
  readPageCommands,
  timeOf,
} from '../../package/first-login/log-in-first.ts';
import { forwardPort } from '../../package/machine/forward-port.ts';
import type { Machine } from '../../package/machine/machine.ts';
import type { CertificateAuthority } from '../../support/certificate-authority.ts';
import { createAccountKey } from './create-account-key.ts';
import { createAccounts } from './create-object.ts';
import { publishKeys } from './publish-keys.ts';
import { type ApiServer, programOf, startApiServer } from './start-api-server.ts';

const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** Where every kubeconfig has the API server. */
const API_PORT = 6443;

const peer = inject('peer');
const deb = programOf(peer, 'pgtoken');
const page = readCommands();
const tokenCommand = readPageCommands().find((command) => command.startsWith('kubectl ')) ?? '';

/** What is typed where kubectl is on the database host. */
const withKubectl = page.flatMap((command) =>
  command?.startsWith('pgtoken init') ? [tokenCommand, `${command} --kubectl`] : [command],
);

/** An API server that is reached in the machine as its issuer, and as kubectl reaches it. */
const start =
  (issuer: string, hasKubectl: boolean) =>
  async (machine: Machine, authority: CertificateAuthority): Promise<FirstIssuer> => {
    await using stack = new AsyncDisposableStack();
    const api = stack.use(
      await startApiServer({
        peer,
        authority,
        names: [ISSUER],
        issuers: [issuer],
        keys: [createAccountKey('RSA')],
        flags: [`--service-account-jwks-uri=https://${ISSUER}/openid/v1/jwks`],
      }),
    );
    await publishKeys(api);
    await createAccounts(api, 'foo', ['myservice']);
    const port = Number(new URL(api.url).port);
    stack.use(await forwardPort(machine, 443, port));
    if (hasKubectl) {
      stack.use(await forwardPort(machine, API_PORT, port));
      await putKubectl(api, machine);
    }
    const [, ...words] = tokenCommand.replace(/ > token$/, '').split(' ');
    const token = hasKubectl ? undefined : (await api.kubectl(words)).trim();
    const owned = stack.move();
    return { token, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
  };

/** As an administrator of the cluster has it: with a kubeconfig that holds the certificate authority itself. */
async function putKubectl(api: ApiServer, machine: Machine): Promise<void> {
  const inside = (path: string): string => join(machine.root, path);
  await copyFile(programOf(peer, 'kubectl'), inside('usr/local/bin/kubectl'));
  const flattened = await api.kubectl(['config', 'view', '--raw', '--flatten']);
  await mkdir(inside('root/.kube'));
  await writeFile(
    inside('root/.kube/config'),
    flattened.replace(api.url, `https://localhost:${API_PORT}`),
    { mode: 0o600 },
  );
}

it.each([
  { way: 'a copied token', suite: 'bookworm', issuer: `https://${ISSUER}`, hasKubectl: false },
  { way: 'kubectl', suite: 'trixie', issuer: `https://${ISSUER}`, hasKubectl: true },
  { way: 'kubectl and pinned keys', suite: 'trixie', issuer: DEFAULT_ISSUER, hasKubectl: true },
] as const)('from nothing to a login by $way on $suite', async ({ suite, issuer, hasKubectl }) => {
  const typed = await logInFirst(suite, deb, {
    startIssuer: start(issuer, hasKubectl),
    commands: hasKubectl ? withKubectl : page,
  });
  process.stdout.write(
    `${suite}: ${typed.length} commands, ${timeOf(typed).toFixed(0)} s of the machine\n`,
  );
  expect(typed.length).toBeLessThanOrEqual(MOST_COMMANDS);
  expect(timeOf(typed)).toBeLessThan(MOST_TIME);
  const login = typed.find(({ command }) => command.startsWith('PGPASSWORD='));
  expect(login?.stdout).toBe('foo:myservice TLSv1.3\n');
  expect(typed.at(-1)?.stdout).toMatch(/\n0 failures, \d+ warnings?/);
});
