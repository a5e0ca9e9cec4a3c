// Many logins at once, each with a token of its own: everybody gets the answer to their own question, and each leaves one line.
import { afterAll, beforeAll, expect, it } from 'vitest';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { entryOf } from '../support/entry-of.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';
import { tryLogin } from '../support/try-logins.ts';

const LOGINS = 200;
const ROLES = Array.from({ length: 20 }, (_, at) => `team:service-${at}`);

const stack = new AsyncDisposableStack();
let issuer: Issuer;
let host: DaemonHost;

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  host = stack.use(await startDaemonHost(ROLES));
  await host.setModuleTimeout(40);
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** Every third bearer asks for somebody else's role. */
const loginsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => {
    const own = at % ROLES.length;
    const isBad = at % 3 === 2;
    return {
      jti: `login-${at}`,
      sub: `system:serviceaccount:${ROLES[own]}`,
      role: ROLES[(isBad ? own + 1 : own) % ROLES.length]!,
      isBad,
    };
  });

const byName = (a: { readonly jti?: unknown }, b: { readonly jti?: unknown }): number =>
  String(a.jti).localeCompare(String(b.jti));

it('200 logins at once with 200 tokens: each is answered for itself, and stands in the log once', async () => {
  await using daemon = await host.startDaemon({
    issuers: [entryOf('cluster', issuer)],
    args: ['--deadline=35s'],
  });
  const logins = loginsOf(LOGINS);
  const outcomes = await Promise.all(
    logins.map(async ({ jti, sub, role }) =>
      tryLogin(host.cluster, { role, password: await issuer.mint({ jti, sub }) }),
    ),
  );
  expect(outcomes).toEqual(
    logins.map(({ role, isBad }) =>
      isBad ? `PAM authentication failed for user "${role}"` : 'granted',
    ),
  );

  expect(await daemon.stop()).toBe(0);
  const lines = daemon
    .lines()
    .filter(({ msg }) => msg === 'decision')
    .map(({ jti, sub, role, outcome, code }) => ({ jti, sub, role, outcome, code }));
  expect(lines.toSorted(byName)).toEqual(
    logins
      .map(({ jti, sub, role, isBad }) => ({
        jti,
        sub,
        role,
        outcome: isBad ? 'denied' : 'granted',
        code: isBad ? 'ERR_ROLE_NOT_PERMITTED' : undefined,
      }))
      .toSorted(byName),
  );
});
