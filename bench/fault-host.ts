// A database host on which faults are made: a server, a daemon with one issuer, and clients that log in without a pause and
// write down how each login went.
import { setTimeout as delay } from 'node:timers/promises';
import { createCertificateAuthority } from '../test/support/certificate-authority.ts';
import { entryOf } from '../test/support/entry-of.ts';
import { createIssuer, type Issuer } from '../test/support/issuer.ts';
import type { Login } from '../test/support/postgres-cluster.ts';
import { createSlowCalls, type SlowCalls } from '../test/support/slow-calls.ts';
import { type DaemonHost, startDaemonHost } from '../test/support/start-daemon-host.ts';
import { tryLogin } from '../test/support/try-logins.ts';

/** The role of good tokens, and one of a subject that the entry denies. */
export const ROLE = 'foo:myservice';
export const DENIED = { role: 'foo:denied', sub: 'system:serviceaccount:foo:denied' } as const;

/** A host to make faults on. The faults start and end its daemon. */
export interface FaultHost extends AsyncDisposable {
  readonly host: DaemonHost;
  readonly issuer: Issuer;
  readonly slowCalls: SlowCalls;
  /** The only entry of issuers.yaml; what is denied is its last part. */
  readonly entry: Readonly<Record<string, unknown>>;
  readonly mint: (sub?: string) => Promise<string>;
  /** Logs in without a pause until `stop`. @param login default: a good one. */
  readonly logIn: (login?: Login) => Clients;
}

/** One login: when it began and ended, in milliseconds, and how. */
export interface Attempt {
  readonly from: number;
  readonly to: number;
  readonly outcome: string;
}

export interface Clients {
  readonly attempts: readonly Attempt[];
  readonly stop: () => Promise<void>;
}

/** @param checkout of another version; default: this one. */
export async function startFaultHost(clients: number, checkout?: string): Promise<FaultHost> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await createCertificateAuthority());
  const issuer = stack.use(
    await createIssuer(authority, { algorithms: ['ES256'], answersAll: true }),
  );
  const slowCalls = stack.use(await createSlowCalls());
  const host = stack.use(await startDaemonHost([ROLE, DENIED.role], {}, {}, checkout));
  const mint: FaultHost['mint'] = async (sub) =>
    issuer.mint(sub === undefined ? {} : { sub }, { now: Math.floor(Date.now() / 1000) });
  const good: Login = { role: ROLE, password: await mint() };
  const kept = stack.move();
  return {
    host,
    issuer,
    slowCalls,
    entry: entryOf('cluster', issuer, {
      cache: { refreshInterval: '1s' },
      deny: { subjects: [DENIED.sub] },
    }),
    mint,
    logIn: (login = good) => {
      const attempts: Attempt[] = [];
      const ending = new AbortController();
      const all = Array.from({ length: clients }, async () => {
        while (!ending.signal.aborted) {
          const from = performance.now();
          const outcome = await tryLogin(host.cluster, login);
          attempts.push({ from, to: performance.now(), outcome });
          // Who is refused at once would only keep the machine busy.
          if (outcome !== 'granted') await delay(20);
        }
      });
      return {
        attempts,
        stop: async () => {
          ending.abort();
          await Promise.all(all);
        },
      };
    },
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}
