// Where the keys of a decision come from when no daemon keeps them: pinned ones from the policy, others from the cache
// or from the issuer.
import type { Clock } from '../clock.ts';
import type { Refusal } from '../errors.ts';
import type { fetchKeySet } from '../issuers/fetch-key-set.ts';
import { getKeySet } from '../keys/get-key-set.ts';
import type { KeyCache } from '../keys/key-record.ts';
import type { KeySet } from '../keys/formats/parse-key-set.ts';
import type { AuthorizeOptions } from '../decide/authorize-options.ts';
import { remoteKeysOf } from './remote-keys.ts';

/** Creates the `keysOf` of {@link AuthorizeOptions} for one decision, over a key cache and the network. */
export function createKeysOf(options: {
  readonly cache: KeyCache;
  readonly clock: Clock;
  readonly fetchKeySet?: typeof fetchKeySet;
}): AuthorizeOptions['keysOf'] {
  const { cache, clock } = options;
  /** What came of asking an issuer: one that was asked for this decision has nothing newer. */
  const asked = new Map<string, KeySet | Refusal>();
  return async (issuer, wanted) => {
    const { keySource, name } = issuer;
    if (keySource.kind === 'pinned') {
      return keySource.keySet;
    }
    const newest = wanted.failed === undefined ? undefined : asked.get(name);
    if (newest !== undefined) {
      return newest;
    }
    const { owner, fetch } = remoteKeysOf(issuer, keySource, options.fetchKeySet);
    let isAsked = false;
    const keySet = await getKeySet(owner, wanted, {
      cache,
      clock,
      fetch: async (etag) => {
        isAsked = true;
        return fetch(etag);
      },
    });
    if (isAsked) {
      asked.set(name, keySet);
    }
    return keySet;
  };
}
