// Servers, clocks and logins around a watcher of sessions: all virtual, with switches for everything that goes wrong.
import { vi } from 'vitest';
import * as z from 'zod';

import { parseConfig } from '../../src/config/parse-config.ts';
import type { KeySet } from '../../src/keys/formats/parse-key-set.ts';
import { thumbprintOf } from '../../src/keys/thumbprint-of.ts';
import { compileIssuer } from '../../src/policy/compile-issuer.ts';
import type { Issuer, Policy } from '../../src/policy/policy.ts';
import type { SeenBackend } from '../../src/postgres/activity.ts';
import type { ServerClient } from '../../src/postgres/server-client.ts';
import { ServerError } from '../../src/postgres/server-error.ts';
import type { BoundObject, ObjectAnswer } from '../../src/review/bound-object.ts';
import type { EndReason } from '../../src/sessions/end-queue.ts';
import type { PlacedSession, Session } from '../../src/sessions/session.ts';
import { createSessionWatcher, type SessionWatcher } from '../../src/sessions/watch-sessions.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { createMint, NOW } from '../vectors/tokens/mint.ts';

const mint = await createMint();

type Members = Readonly<Record<string, unknown>>;

/** Keys by the names of the test keys. */
export function keySetOf(...names: readonly string[]): KeySet {
  return { keys: names.map((name) => mint.publicKey(name)) };
}

/** One entry, which grants service accounts and pins one key. */
export function entryOf(sessions: Members | undefined, more: Members = {}): Members {
  return {
    name: 'cluster',
    issuer: { url: 'https://k8s.example.com', audiences: ['postgres'] },
    roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
    ...(sessions === undefined ? {} : { sessions }),
    ...more,
  };
}

/** A policy of these entries, with servers of these names. */
export function policyOf(
  entries: readonly Members[],
  servers: readonly (string | { readonly name: string; readonly host: string })[] = ['main'],
): Policy {
  const parsed = parseConfig(
    writeIssuersYAML(entries, {
      servers: servers.map((server) => {
        const { name, host } =
          typeof server === 'string' ? { name: server, host: `/run/${server}` } : server;
        return { name, connection: `host=${host}` };
      }),
    }),
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { config } = parsed;
  const source = { kind: 'pinned', keySet: keySetOf('cluster-es256') } as const;
  return {
    servers: config.servers,
    issuers: config.issuers.map((entry) =>
      compileIssuer(entry, source, [], RULE_TOOLS, (path, message) => {
        throw new Error(`${path.join('.')}: ${message}`);
      }),
    ),
    protectedRoles: [],
    maxTokenBytes: 16_384,
  };
}

/** A backend of a {@link FakeServer}. */
export interface FakeBackend extends SeenBackend {
  /** False while it is inside PAM. */
  isVisible: boolean;
  isSuperuser: boolean;
  /** Takes no notice of signals. */
  isStuck: boolean;
}

/** A server as the two statements see it. */
export interface FakeServer {
  readonly backends: FakeBackend[];
  /** What all statements fail with. */
  fails: Error | undefined;
  /** What ending fails with. */
  failsToEnd: Error | undefined;
  /** Answers nothing any more. */
  hangs: boolean;
  /** Every backend that was ended, with the second in which it was. */
  readonly ended: { readonly pid: number; readonly started: string; readonly at: number }[];
  readonly counts: { see: number; end: number };
  readonly isClosed: () => boolean;
}

/** A login that the daemon has granted. */
export interface FakeLogin {
  readonly server?: string;
  readonly pid: number;
  readonly role?: string;
  readonly subject?: string;
  readonly address?: string | undefined;
  /** Seconds from now. */
  readonly expiresIn?: number;
  readonly claims?: Members;
  readonly issuer?: string;
  readonly key?: string;
  /** Whether the server shows it. */
  readonly isVisible?: boolean;
  readonly isSuperuser?: boolean;
  /** There is no backend (any more). */
  readonly isGone?: boolean;
}

export const NO_RIGHT = new ServerError('permission denied to terminate process', undefined, {
  isRefused: true,
});
export const AWAY = new ServerError('connect ECONNREFUSED');

/** Everything around a watcher. Timers are vitest's fake ones from here on. */
export function createSessionWorld(journal?: string) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let uptime = 1000;
  let step = 0;
  const clock = (): number => NOW + uptime - 1000 + step;
  const servers = new Map<string, FakeServer>();
  const told = {
    ended: [] as { readonly session: PlacedSession; readonly reason: EndReason }[],
    outOfReach: [] as { readonly session: Session; readonly reason: string }[],
    states: [] as { readonly server: string; readonly error: string | undefined }[],
    journalErrors: [] as unknown[],
    looks: [] as { readonly what: string; readonly at: number; readonly state: string }[],
    recheckStates: [] as string[],
    failures: [] as unknown[],
  };
  let keys: (issuer: Issuer) => KeySet | undefined = () => keySetOf('cluster-es256');
  let closed = new Set<string>();
  let random = (): number => 0.5;
  let objects: (object: BoundObject) => ObjectAnswer | Promise<ObjectAnswer> = () => ({
    state: 'there',
  });

  const serverOf = (name: string): FakeServer => {
    const known = servers.get(name);
    if (known !== undefined) return known;
    const server: FakeServer = {
      backends: [],
      fails: undefined,
      failsToEnd: undefined,
      hangs: false,
      ended: [],
      counts: { see: 0, end: 0 },
      isClosed: () => closed.has(name),
    };
    servers.set(name, server);
    return server;
  };
  const createClient = (host: string): ServerClient => {
    const name = host.replace('/run/', '');
    const server = serverOf(name);
    return {
      async query(text, values) {
        if (server.hangs) return new Promise(() => undefined);
        if (server.fails !== undefined) throw server.fails;
        const visible = server.backends.filter(({ isVisible }) => isVisible);
        const [pids = [], starts = [], roleIDs = []] = z.array(z.array(z.unknown())).parse(values);
        if (text.includes('IS DISTINCT FROM wanted.started')) {
          server.counts.see += 1;
          return pids.flatMap((pid, at) =>
            visible.some((one) => one.pid === pid && one.started === starts[at])
              ? []
              : [{ at: at + 1, isHidden: false }],
          );
        }
        if (!text.includes('pg_terminate_backend')) {
          server.counts.see += 1;
          return visible
            .filter(({ pid }) => pids.includes(pid))
            .map(({ pid, role, roleID, started, address, isSuperuser }) => {
              return { pid, role, roleID, started, address: address ?? null, isSuperuser };
            });
        }
        server.counts.end += 1;
        if (server.failsToEnd !== undefined) throw server.failsToEnd;
        return pids.flatMap((pid, at): { pid: unknown; signalled: boolean | null }[] => {
          const found = visible.find(
            (one) => one.pid === pid && one.started === starts[at] && one.roleID === roleIDs[at],
          );
          if (found === undefined) return [];
          if (found.isSuperuser) return [{ pid, signalled: null }];
          server.ended.push({ pid: found.pid, started: found.started, at: uptime });
          if (!found.isStuck) server.backends.splice(server.backends.indexOf(found), 1);
          return [{ pid, signalled: true }];
        });
      },
      close() {
        closed.add(name);
      },
    };
  };
  const start = (): SessionWatcher =>
    createSessionWatcher({
      journal,
      clock,
      uptime: () => uptime,
      createClient: ({ host }) => createClient(host),
      cachedKeys: (issuer) => keys(issuer),
      onEnded: (session, reason) => void told.ended.push({ session: { ...session }, reason }),
      onOutOfReach: (session, reason) => void told.outOfReach.push({ session, reason }),
      lookAt: async (_issuer, object) => {
        const answer = await objects(object);
        const { kind, name } = object;
        told.looks.push({ what: `${kind} ${name}`, at: uptime, state: answer.state });
        return answer;
      },
      random: () => random(),
      onLooked: () => undefined,
      onRecheckState: (_issuer, kind, failure) =>
        void told.recheckStates.push(`${kind} ${failure?.reason ?? 'again'}`),
      onServerState: (server, error) => void told.states.push({ server, error: error?.message }),
      onJournalError: (error) => void told.journalErrors.push(error),
      onFailure: (error) => void told.failures.push(error),
    });
  let watcher = start();
  let policy: Policy | undefined;

  const world = {
    told,
    clock,
    serverOf,
    get watcher() {
      return watcher;
    },
    get main() {
      return serverOf('main');
    },
    uptime: () => uptime,
    usePolicy(next: Policy): void {
      policy = next;
      watcher.usePolicy(next);
    },
    setKeys(next: typeof keys, changed = 'cluster'): void {
      keys = next;
      watcher.keysChanged(changed);
    },
    /** What the API server says of objects from now on. */
    setObjects(next: typeof objects): void {
      objects = next;
    },
    /** What stands for chance from now on. */
    setRandom(next: typeof random): void {
      random = next;
    },
    /** Sets the wall clock so many seconds ahead of where it was at first. */
    setClock(seconds: number): void {
      step = seconds;
    },
    /** Adds a backend that was started so many seconds ago. */
    addBackend(
      {
        server = 'main',
        pid,
        role = 'foo:myservice',
        address,
        isSuperuser = false,
        isVisible = true,
      }: FakeLogin,
      age = 0.05,
    ): FakeBackend {
      const backend: FakeBackend = {
        pid,
        role,
        roleID: String(10_000 + role.length),
        started: String(Math.round((clock() - age) * 1e6)),
        address,
        isSuperuser,
        isVisible,
        isStuck: false,
      };
      serverOf(server).backends.push(backend);
      return backend;
    },
    /** A grant without a backend of its own. */
    grant(login: FakeLogin, by: Policy | undefined = policy): void {
      const { pid, role = 'foo:myservice', subject = `system:serviceaccount:${role}` } = login;
      if (by === undefined) throw new Error('no policy is in force');
      const expiresAt = clock() + (login.expiresIn ?? 600);
      const claims = {
        ...mint.defaultClaims(),
        sub: subject,
        iat: NOW - 10,
        exp: expiresAt,
        ...login.claims,
      };
      const key = login.key ?? 'cluster-es256';
      watcher.granted(
        {
          pid,
          service: 'postgresql',
          role,
          source: login.address,
          issuer: login.issuer ?? 'cluster',
          subject,
          token: JSON.stringify({ algorithm: 'ES256', keyID: key, type: 'JWT', claims }),
          key: thumbprintOf(mint.publicKey(key)),
          grantedAt: clock(),
          expiresAt,
        },
        by,
      );
    },
    /** A backend, and the grant that it gets. */
    login(login: FakeLogin): FakeBackend {
      const backend = world.addBackend(login);
      if (login.isGone === true) serverOf(login.server ?? 'main').backends.pop();
      world.grant(login);
      return backend;
    },
    /** Lets time pass, a tenth of a second at a time. */
    async pass(seconds: number): Promise<void> {
      for (let tenth = 0; tenth < Math.round(seconds * 10); tenth += 1) {
        uptime += 0.1;
        await vi.advanceTimersByTimeAsync(100);
      }
    },
    /** A daemon that is started again. */
    async restart(): Promise<void> {
      await watcher.stop();
      closed = new Set();
      watcher = start();
      if (policy !== undefined) watcher.usePolicy(policy);
    },
    async dispose(): Promise<void> {
      await watcher.stop();
      vi.useRealTimers();
    },
  };
  return world;
}

export type SessionWorld = ReturnType<typeof createSessionWorld>;
