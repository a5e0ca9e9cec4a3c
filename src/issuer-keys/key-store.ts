// The keys of all issuers, for the daemon: one refresher for each entry, so that one issuer's outage never delays
// another's logins.
import type { Clock } from '../clock.ts';
import { refuse } from '../errors.ts';
import { fetchKeySet } from '../issuers/fetch-key-set.ts';
import { createLookUp } from '../issuers/look-up.ts';
import { createSecureContexts } from '../issuers/secure-contexts.ts';
import type { FetchResult } from '../keys/fetch-result.ts';
import {
  type HeldKeys,
  type KeyRefresher,
  type KeyStatus,
  startKeyRefresher,
} from '../keys/key-refresher.ts';
import type { KeyCache } from '../keys/key-record.ts';
import { servesSource } from '../keys/key-source.ts';
import type { AuthorizeOptions } from '../decide/authorize-options.ts';
import type { KeySet } from '../keys/formats/parse-key-set.ts';
import type { Issuer, Policy } from '../policy/policy.ts';
import { type RemoteKeys, remoteKeysOf } from './remote-keys.ts';

/** Keeps the keys of every issuer whose keys are retrieved. */
export interface KeyStore {
  /**
   * Takes over a new policy: refreshers of entries whose keys come from the same place, by the same terms, go on, others end or
   * begin. One that begins has the keys of the one before, where those came from the same address and every certificate
   * authority is still trusted.
   *
   * @returns the keys of this policy and no other, so that a decision under way never sees those of the next.
   */
  use(policy: Policy): KeysInForce;
  /** How the keys of each entry stand, by its name. */
  status(): ReadonlyMap<string, KeyStatus>;
  stop(): void;
}

/** The keys of one policy. */
export interface KeysInForce extends Required<Pick<AuthorizeOptions, 'keysOf' | 'hasCachedKey'>> {
  /** The keys of an entry as they are cached, without waiting for any; undefined where there are none. */
  readonly cachedKeys: (issuer: Issuer) => KeySet | undefined;
}

/** The world around a {@link KeyStore}. */
export interface KeyStoreOptions {
  readonly cache: KeyCache;
  readonly clock: Clock;
  readonly monotonicClock: Clock;
  readonly random: () => number;
  readonly onFetch: (issuer: string, result: FetchResult) => void;
  readonly fetchKeySet?: typeof fetchKeySet;
}

/** Creates a store that keeps nothing until it is given a policy. */
export function createKeyStore(options: KeyStoreOptions): KeyStore {
  const fetchKeys = options.fetchKeySet ?? fetchKeySet;
  const secureContexts = createSecureContexts();
  const stopping = new AbortController();
  const lookUpAnyName = createLookUp();
  const shared = {
    secureContexts,
    // What hangs ends with the daemon.
    lookUp: async (name: string, signal: AbortSignal) =>
      lookUpAnyName(name, AbortSignal.any([signal, stopping.signal])),
  };
  let refreshers = new Map<string, { readonly refresher: KeyRefresher; readonly terms: string }>();

  const start = ({ owner, fetch }: RemoteKeys, held: HeldKeys | undefined): KeyRefresher =>
    startKeyRefresher(owner, {
      ...options,
      held,
      fetch,
      onFetch: (result) => {
        options.onFetch(owner.name, result);
      },
    });

  return {
    use(policy) {
      const next: typeof refreshers = new Map();
      for (const issuer of policy.issuers) {
        if (issuer.keySource.kind === 'remote') {
          const remote = remoteKeysOf(issuer, issuer.keySource, async (location, limits) =>
            fetchKeys(location, { ...limits, ...shared }),
          );
          const terms = JSON.stringify([remote.owner, issuer.entry.http]);
          const current = refreshers.get(issuer.name);
          const held = current?.refresher.held();
          const serves =
            held !== undefined && servesSource(held.record.source, remote.owner.source);
          next.set(
            issuer.name,
            current?.terms === terms
              ? current
              : { refresher: start(remote, serves ? held : undefined), terms },
          );
        }
      }
      for (const [name, { refresher }] of refreshers) {
        if (next.get(name)?.refresher !== refresher) {
          refresher.stop();
        }
      }
      refreshers = next;
      return {
        async keysOf(issuer, wanted) {
          if (issuer.keySource.kind === 'pinned') {
            return issuer.keySource.keySet;
          }
          const found = next.get(issuer.name);
          return (
            found?.refresher.keysFor(wanted) ??
            refuse('ERR_INTERNAL', `no keys are kept for entry ${issuer.name}`)
          );
        },
        hasCachedKey: (issuer, wanted) =>
          issuer.keySource.kind === 'pinned' ||
          next.get(issuer.name)?.refresher.hasCachedKey(wanted) === true,
        cachedKeys: (issuer) =>
          issuer.keySource.kind === 'pinned'
            ? issuer.keySource.keySet
            : next.get(issuer.name)?.refresher.cachedKeys(),
      };
    },
    status: () =>
      new Map([...refreshers].map(([name, { refresher }]) => [name, refresher.status()])),
    stop() {
      stopping.abort();
      for (const { refresher } of refreshers.values()) {
        refresher.stop();
      }
    },
  };
}
