// An issuer entry whose keys are retrieved, seen as what key caches work on: an owner and a way to fetch.
import { fetchKeySet, type KeyLocation } from '../issuers/fetch-key-set.ts';
import type { FetchKeySet } from '../keys/fetch-result.ts';
import type { KeyOwner } from '../keys/key-owner.ts';
import { formatKeySource } from '../keys/key-source.ts';
import type { Issuer, RemoteKeySource } from '../policy/policy.ts';

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
  const { location, certificateAuthority, bearerTokenFile } = keySource;
  return {
    owner: {
      name: issuer.name,
      source: describeSource(keySource),
      ...issuer.entry.cache,
    },
    fetch: async (etag) =>
      fetchKeys(location, { ...issuer.entry.http, certificateAuthority, bearerTokenFile, etag }),
  };
}

/** Where keys come from and whose word is taken for it: what was remembered under other terms is not used. */
function describeSource(keySource: RemoteKeySource): string {
  const { certificateAuthority, bearerTokenFile } = keySource;
  const bearer = bearerTokenFile === undefined ? '' : ` with the token in ${bearerTokenFile}`;
  const address = `${describeLocation(keySource.location)}${bearer}`;
  return formatKeySource(address, certificateAuthority);
}

function describeLocation(location: KeyLocation): string {
  switch (location.kind) {
    case 'discovery':
      return `discovery ${location.discoveryURL} of ${location.issuerURL}`;
    case 'jwks':
      return `jwks ${location.jwksURI}`;
    case 'spiffe-bundle':
      return `SPIFFE bundle ${location.bundleURL}`;
  }
}
