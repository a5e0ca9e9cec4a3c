// What the soak run happens in: three issuers and one whose name nobody finds, a PostgreSQL server, and a daemon behind a socket
// that outlives it, with a disk that can be slow.
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { runChecked } from '../support/run-checked.ts';
import { createSlowCalls, HANGING_DOMAIN, type SlowCalls } from '../support/slow-calls.ts';
import { socketActivator } from '../support/socket-activator.ts';
import { startDaemonHost, untilCached, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';

/** One issuer with what its entry permits. */
export interface Population {
  readonly name: string;
  readonly issuer: Issuer;
  readonly audience: string;
  /** Claims of its good tokens, and the role that they permit. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly role: string;
}

export interface SoakWorld extends AsyncDisposable {
  readonly host: DaemonHost;
  readonly daemon: DaemonProcess;
  /** In it keys rotate. */
  readonly services: Population;
  readonly people: Population;
  /** Its issuer is away now and then. */
  readonly builds: Population;
  /** The issuer whose name hangs. */
  readonly lost: { readonly url: string };
  readonly slowCalls: SlowCalls;
  /** The entries of issuers.yaml; with `more` one of them is written differently, for the same decisions. */
  readonly entries: (more?: boolean) => readonly Readonly<Record<string, unknown>>[];
}

/** Whom the entry of the services denies: at the end of the file, where a half-written one lacks it. */
export const DENIED = { sub: 'system:serviceaccount:foo:denied', role: 'foo:denied' };

/** Seconds: long enough for a login to wait for a daemon that is restarted on a busy machine. */
const DEADLINE = 30;
const MODULE_TIMEOUT = 50;

export async function createSoakWorld(): Promise<SoakWorld> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await createCertificateAuthority());
  const services: Population = {
    name: 'services',
    issuer: stack.use(await createIssuer(authority, { algorithms: ['ES256'] })),
    audience: 'postgres',
    claims: { sub: 'system:serviceaccount:foo:myservice' },
    role: 'foo:myservice',
  };
  const people: Population = {
    name: 'people',
    issuer: stack.use(await createIssuer(authority, { path: '/realms/p', algorithms: ['RS256'] })),
    audience: 'postgres-people',
    claims: { sub: 'alice', groups: ['staff', 'dba'] },
    role: 'dba_ro',
  };
  const builds: Population = {
    name: 'builds',
    issuer: stack.use(await createIssuer(authority, { path: '/ci', algorithms: ['EdDSA'] })),
    audience: 'postgres-builds',
    claims: { sub: 'project:acme/app:ref:main' },
    role: 'deploy_acme',
  };
  const lost = { url: `https://issuer.${HANGING_DOMAIN}` };
  const slowCalls = stack.use(await createSlowCalls());
  const rules: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
    services: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
    people: [{ claim: 'groups', equals: 'dba', role: ['dba_ro', 'dba_rw'] }],
    builds: [
      { claim: 'sub', pattern: 'project:([a-z]+)/.*:ref:main', role: String.raw`deploy_\1` },
    ],
  };
  const entries: SoakWorld['entries'] = (more = false) => [
    {
      name: 'lost',
      issuer: { url: lost.url, audiences: ['postgres'] },
      http: { timeout: '1s' },
      roles: [{ claim: 'sub' }],
    },
    ...[people, builds, services].map(({ name, issuer, audience }) => ({
      name,
      issuer: {
        url: issuer.url,
        certificateAuthority: issuer.certificateAuthority,
        audiences: [audience],
      },
      http: { timeout: '1s' },
      // Another interval, for which the daemon begins to keep these keys anew.
      cache: {
        refreshInterval: more && name === 'people' ? '2s' : '1s',
        unknownKeyCooldown: '1s',
      },
      roles: [
        ...(rules[name] ?? []),
        ...(more ? [{ claim: 'nothing', equals: 'x', role: 'y' }] : []),
      ],
      ...(name === 'services' ? { deny: { subjects: [DENIED.sub] } } : {}),
    })),
  ];

  const roles = [services.role, people.role, builds.role, DENIED.role, 'other'];
  const host = stack.use(await startDaemonHost(roles));
  await host.setModuleTimeout(MODULE_TIMEOUT);
  await runChecked('rm', ['-f', host.socket]);
  const daemon = stack.use(
    await host.startDaemon({
      issuers: entries(),
      args: [`--deadline=${DEADLINE}s`],
      wrapper: [...socketActivator(host.socket, true), ...slowCalls.wrapper],
    }),
  );
  await untilCached(host, ['services', 'people', 'builds']);
  const kept = stack.move();
  return {
    host,
    daemon,
    services,
    people,
    builds,
    lost,
    slowCalls,
    entries,
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}
