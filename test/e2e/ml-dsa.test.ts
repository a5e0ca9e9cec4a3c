// Tokens signed with ML-DSA (RFC 9964), of 4 to 7 kB, as a cluster that signs with it issues them: psql, PostgreSQL, the module and
// the daemon, and once without a daemon.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { entryOf } from '../support/entry-of.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import type { SigningAlgorithm } from '../support/signatures.ts';
import { DAEMON_SERVICE, startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { expectRefusal } from './expect-refusal.ts';

const ROLE = 'foo:myservice';
const ALGORITHMS: readonly SigningAlgorithm[] = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'];
/** What a projected token of Kubernetes says besides. */
const CLAIMS = {
  jti: '4c0e2c2a-5ad6-4bd5-9e2e-5d0a4dfd1a8e',
  'kubernetes.io': {
    namespace: 'foo',
    node: { name: 'worker-1', uid: '9f0c6a52-6a1e-4c0b-8a67-0f3d1c6a2b11' },
    pod: { name: 'myservice-0', uid: '5b7d9a60-2f7b-4e0e-9a39-7a2f6e1f0c22' },
    serviceaccount: { name: 'myservice', uid: 'c1b5c5b0-7a3e-4f19-8f0e-3a5d2b9c0d33' },
    warnafter: 1_800_000_000,
    secret: { name: 'myservice-token-x7k2p', uid: '3a1f8e9c-4b6d-4f2a-9c7e-1d2b3c4d5e44' },
  },
};

const stack = new AsyncDisposableStack();
let issuer: Issuer;
let host: DaemonHost;
let daemon: DaemonProcess;

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ALGORITHMS }));
  host = stack.use(await startDaemonHost([ROLE]));
  daemon = stack.use(
    await host.startDaemon({
      issuers: [entryOf('cluster', issuer, { token: { algorithms: ['RS256', ...ALGORITHMS] } })],
    }),
  );
});

afterAll(async () => {
  await stack.disposeAsync();
});

describe.each(ALGORITHMS)('%s', (key) => {
  it.each(['tcp', 'socket'] as const)('logs in with psql over %s', async (over) => {
    const password = await issuer.mint(CLAIMS, { key });
    expect(password.length).toBeGreaterThan(4000);
    expect(password.length).toBeLessThan(8000);
    const from = daemon.lines().length;
    expect(await host.cluster.psql({ role: ROLE, password, over })).toMatchObject({
      status: 0,
      stdout: `${ROLE}\n`,
      stderr: '',
    });
    expect(await daemon.waitForLine('decision', from)).toMatchObject({
      outcome: 'granted',
      verified: true,
      pod: 'myservice-0',
    });
  });

  it('is refused with one letter of its signature changed, and says why', async () => {
    const token = await issuer.mint(CLAIMS, { key });
    const at = token.length - 1000;
    const letter = token[at] === 'A' ? 'B' : 'A';
    const password = `${token.slice(0, at)}${letter}${token.slice(at + 1)}`;
    expect(await expectRefusal(host.cluster, { role: ROLE, password })).toMatch(
      /^denied ERR_SIGNATURE_INVALID the signature does not verify with the issuer's key "ml-dsa-\d\d-\d" \(ML-DSA-\d\d\)/,
    );
  });

  it('is decided without a daemon, and nothing but the reason comes on standard error', async () => {
    await using home = await createTemporaryFolder('home');
    const env = { PAM_USER: ROLE, PAM_SERVICE: DAEMON_SERVICE, HOME: home.path };
    const decide = async (stdin: string) =>
      runPgtoken(['pam', '--config', host.installation.config, '--timeout', '30s'], { env, stdin });
    const token = await issuer.mint(CLAIMS, { key });
    expect(await decide(token)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const cut = await decide(token.slice(0, 2047));
    expect(cut).toMatchObject({ status: 1, stdout: '' });
    expect(cut.stderr).toMatch(
      /^denied ERR_TOKEN_TRUNCATED the token was cut to 2047 bytes[^\n]*\n$/,
    );
  });
});
