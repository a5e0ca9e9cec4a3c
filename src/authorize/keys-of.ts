// Where the keys of a decision come from when no daemon keeps them: pinned ones from the policy, others from the cache
// or from the issuer.
import type { Clock } from '../clock.ts';
import type { fetchKeySet } from '../issuers/fetch-key-set.ts';
import { getKeySet } from '../keys/get-key-set.ts';
import type { KeyCache } from '../keys/key-record.ts';
import type { AuthorizeOptions } from './authorize.ts';
import { remoteKeysOf } from './remote-keys.ts';

/** Creates the `keysOf` of {@link AuthorizeOptions} over a key cache and the network. */
export function createKeysOf(options: {
  readonly cache: KeyCache;
  readonly clock: Clock;
  readonly fetchKeySet?: typeof fetchKeySet;
}): AuthorizeOptions['keysOf'] {
  const { cache, clock } = options;
  return async (issuer, wanted) => {
    const { keySource } = issuer;
    if (keySource.kind === 'pinned') {
      return keySource.keySet;
    }
    const { owner, fetch } = remoteKeysOf(issuer, keySource, options.fetchKeySet);
    return getKeySet(owner, wanted, { cache, clock, fetch });
  };
}
