// An issuer entry whose keys are retrieved, seen as what key caches work on: an owner and a way to fetch.
import { fetchKeySet, type KeyLocation } from '../issuers/fetch-key-set.ts';
import type { FetchKeySet } from '../keys/fetch-result.ts';
import type { KeyOwner } from '../keys/key-owner.ts';
import type { Issuer, RemoteKeySource } from './policy.ts';

/** Whose keys, and how to retrieve them. */
export interface RemoteKeys {
  readonly owner: KeyOwner;
  readonly fetch: FetchKeySet;
}

/** @param fetchKeys how keys are retrieved; default: over HTTPS. */
export function remoteKeysOf(
  issuer: Issuer,
  keySource: RemoteKeySource,
  fetchKeys: typeof fetchKeySet = fetchKeySet,
): RemoteKeys {
  const { location, certificateAuthority } = keySource;
  const { timeout } = issuer.entry.http;
  return {
    owner: {
      name: issuer.name,
      source: describeSource(location, certificateAuthority),
      ...issuer.entry.cache,
    },
    fetch: async (etag) => fetchKeys(location, { certificateAuthority, timeout, etag }),
  };
}

/** Where keys come from and whose word is taken for it: what was remembered under other terms is not used. */
function describeSource(location: KeyLocation, certificateAuthority: string | undefined): string {
  const place =
    location.kind === 'jwks'
      ? `jwks ${location.jwksURI}`
      : `discovery ${location.discoveryURL} of ${location.issuerURL}`;
  return `${place} by ${certificateAuthority ?? 'the authorities of the system'}`;
}
