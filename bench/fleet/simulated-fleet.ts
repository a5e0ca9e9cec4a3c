// Many hosts and their issuers in one process: the daemon's own key stores, which refresh as they do in production, on a virtual
// clock, and with a stand-in for HTTP. No token is verified; a login asks for the key that its token names.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { isRefusal } from '../../src/errors.ts';
import {
  createKeyStore,
  type KeysInForce,
  type KeyStore,
} from '../../src/issuer-keys/key-store.ts';
import { fetchKeySet } from '../../src/issuers/fetch-key-set.ts';
import { findKeys } from '../../src/keys/find-keys.ts';
import type { KeySet } from '../../src/keys/formats/parse-key-set.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';
import { servesSource } from '../../src/keys/key-source.ts';
import { loadPolicy } from '../../src/policy/load-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { createSigningKey } from '../../test/support/signing-key.ts';
import { createTemporaryFolder } from '../../test/support/temporary-folder.ts';
import { writeIssuersYAML } from '../../test/support/write-issuers-yaml.ts';
import { createSimulatedIssuer, type SimulatedIssuer } from './simulated-issuer.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** What a fleet is made of. */
export interface FleetOptions {
  readonly hosts: number;
  readonly issuers: number;
  /** The `cache` of each entry, as in issuers.yaml; default: what issuers.yaml has by default. */
  readonly cache?: Readonly<Record<string, string>>;
  /** Whether refreshes are spread, as in production; default: yes. */
  readonly spread?: boolean;
  /** Default 1; the same seed makes the same figures. */
  readonly seed?: number;
}

/** What came of logins. */
export interface LoginCounts {
  granted: number;
  /** By code; `late` where the answer came after the daemon's deadline. */
  readonly refused: Record<string, number>;
}

/** A fleet whose hosts are all down. */
export interface SimulatedFleet extends Disposable {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly issuers: readonly SimulatedIssuer[];
  /** Starts a host, with what it had in its cache. */
  readonly start: (host: number) => void;
  /** Stops a host's daemon. */
  readonly stop: (host: number) => void;
  /** What a host goes by for an issuer at this moment, without asking; undefined where it would refuse all. */
  readonly keysOn: (host: number, issuer: number) => KeySet | undefined;
  /** Told when a host has got keys of an issuer. */
  onKeys: (host: number, issuer: number, keySet: KeySet) => void;
  /**
   * Logs in to each host that is up, at random times.
   *
   * @param kid of the token, asked at each login.
   * @param interval seconds between two at one host, on average.
   * @param until the last of them, in seconds of the clock.
   * @returns what came of them, by the minute of the clock.
   */
  readonly logIn: (
    issuer: number,
    kid: () => string,
    interval: number,
    until: number,
  ) => ReadonlyMap<number, LoginCounts>;
  readonly makeKey: (kid: string) => Promise<JWK>;
}

/** Seconds within which the daemon answers, `--deadline`. */
const DEADLINE = 4;
/** Unix time when the clock shows 0. */
const START = 1_790_000_000;

/** Creates a fleet. Each issuer publishes one key, `first`. */
export async function createSimulatedFleet(options: FleetOptions): Promise<SimulatedFleet> {
  const random = createRandom(options.seed ?? 1);
  // What the first retrieval loads is loaded now: that takes time of the machine, not of the simulation.
  await fetchKeySet(
    { kind: 'jwks', jwksURI: 'https://nobody.example.com/' },
    { timeout: 1, httpGet: async () => ({ kind: 'failed', reason: 'nobody is asked' }) },
  );
  const urls = Array.from({ length: options.issuers }, (_, n) => `https://issuer-${n}.example.com`);
  const policy = await makePolicy(urls, options.cache);
  const first = (await createSigningKey('ES256', 'first')).publicJWK;
  const clock = createVirtualClock();
  const issuers = urls.map((url) => createSimulatedIssuer(url, clock, random));
  for (const issuer of issuers) issuer.publish([first]);
  const byHost = new Map(issuers.map((issuer) => [new URL(issuer.url).host, issuer]));

  const caches = Array.from({ length: options.hosts }, () => new Map<string, KeyRecord>());
  const hosts: ({ readonly store: KeyStore; readonly keys: KeysInForce } | undefined)[] = [];

  const start = (host: number): void => {
    const cache = caches[host] ?? new Map<string, KeyRecord>();
    const store = createKeyStore({
      cache: {
        read: (name, source) => {
          const record = cache.get(name);
          return record !== undefined && servesSource(record.source, source)
            ? { ...record, source }
            : undefined;
        },
        write: (name, record) => cache.set(name, record),
      },
      clock: () => START + clock.now(),
      monotonicClock: clock.now,
      random: options.spread === false ? () => 0 : random,
      onFetch: (name, result) => {
        if (result.kind === 'keys') fleet.onKeys(host, Number(name.slice(1)), result.keySet);
      },
      fetchKeySet: async (location, limits) =>
        fetchKeySet(location, {
          ...limits,
          httpGet: async (url, more) => {
            const issuer = byHost.get(new URL(url).host);
            if (issuer === undefined) throw new Error(`nobody has ${url}`);
            return issuer.get(url, more);
          },
        }),
    });
    hosts[host] = { store, keys: store.use(policy) };
  };

  const logInOnce = async (
    host: number,
    issuer: number,
    kid: string,
    counts: LoginCounts,
  ): Promise<void> => {
    const keys = hosts[host]?.keys;
    const entry = policy.issuers[issuer];
    if (keys === undefined || entry === undefined) return;
    const wanted = { keyID: kid, algorithm: 'ES256' } as const;
    const began = clock.now();
    const keySet = await keys.keysOf(entry, wanted);
    const found = isRefusal(keySet) ? keySet : findKeys(keySet, wanted);
    const code = isRefusal(found) ? found.code : undefined;
    if (clock.now() - began > DEADLINE) addTo(counts, 'late');
    else addTo(counts, code);
  };

  const fleet: SimulatedFleet = {
    clock,
    random,
    issuers,
    start,
    stop(host) {
      hosts[host]?.store.stop();
      hosts[host] = undefined;
    },
    keysOn: (host, issuer) => {
      const entry = policy.issuers[issuer];
      return entry === undefined ? undefined : hosts[host]?.keys.cachedKeys(entry);
    },
    onKeys: () => undefined,
    logIn(issuer, kid, interval, until) {
      const minutes = new Map<number, LoginCounts>();
      const next = (host: number): void => {
        const when = clock.now() - Math.log(1 - random()) * interval;
        if (when > until) return;
        clock.at(when, () => {
          const minute = Math.floor(when / 60);
          const counts = minutes.get(minute) ?? { granted: 0, refused: {} };
          minutes.set(minute, counts);
          void logInOnce(host, issuer, kid(), counts);
          next(host);
        });
      };
      for (let host = 0; host < options.hosts; host += 1) next(host);
      return minutes;
    },
    makeKey: async (kid) => (await createSigningKey('ES256', kid)).publicJWK,
    [Symbol.dispose]() {
      for (const host of hosts) host?.store.stop();
      clock[Symbol.dispose]();
    },
  };
  return fleet;
}

function addTo(counts: LoginCounts, code: string | undefined): void {
  if (code === undefined) counts.granted += 1;
  else counts.refused[code] = (counts.refused[code] ?? 0) + 1;
}

/** @returns what issuers.yaml of every host says, loaded as the daemon does. */
async function makePolicy(
  urls: readonly string[],
  cache: Readonly<Record<string, string>> = {},
): Promise<Policy> {
  const folder = await createTemporaryFolder('fleet');
  try {
    const file = join(folder.path, 'issuers.yaml');
    const entries = urls.map((url, n) => ({
      name: `i${n}`,
      issuer: { url, audiences: ['postgres'] },
      roles: [{ claim: 'sub' }],
      cache,
    }));
    await writeFile(file, writeIssuersYAML(entries), { mode: 0o644 });
    const loaded = await loadPolicy(file);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return loaded.policy;
  } finally {
    await folder.remove();
  }
}

/** Numbers from 0 to 1 that look random and are the same each time (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
