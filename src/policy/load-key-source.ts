// Where the keys of an entry come from, with the files that the configuration names read and checked.
import { resolve } from 'node:path';
import type { ReportProblem } from '../config/problems.ts';
import type { IssuerPart, KeysPart } from '../config/schema/schema.ts';
import { defaultDiscoveryURL } from '../issuers/discover.ts';
import type { KeyLocation } from '../issuers/fetch-key-set.ts';
import { loadCertificateAuthority } from './load-certificate-authority.ts';
import { loadPinnedKeys } from './load-pinned-keys.ts';
import type { KeySource } from './policy.ts';

/**
 * Loads the key source of an entry.
 *
 * @param issuer undefined where it is not sound; then only the keys are checked.
 * @param folder that of issuers.yaml.
 * @param report told of what is wrong with a file; the result must not be used then.
 */
export async function loadKeySource(
  issuer: IssuerPart | undefined,
  keys: KeysPart,
  folder: string,
  report: ReportProblem,
): Promise<KeySource> {
  const keySet = await loadPinnedKeys(keys, folder, report);
  if (keySet !== undefined) {
    return { kind: 'pinned', keySet };
  }
  return {
    kind: 'remote',
    location: locationOf(issuer, keys),
    certificateAuthority: issuer && loadCertificateAuthority(issuer, folder, report),
    bearerTokenFile:
      keys?.bearerTokenFile === undefined ? undefined : resolve(folder, keys.bearerTokenFile),
  };
}

function locationOf(issuer: IssuerPart | undefined, keys: KeysPart): KeyLocation {
  if (keys?.spiffeBundleURL !== undefined) {
    return { kind: 'spiffe-bundle', bundleURL: keys.spiffeBundleURL };
  }
  if (keys?.jwksURI !== undefined) {
    return { kind: 'jwks', jwksURI: keys.jwksURI };
  }
  const issuerURL = issuer?.url ?? '';
  return {
    kind: 'discovery',
    issuerURL,
    discoveryURL: issuer?.discoveryURL ?? defaultDiscoveryURL(issuerURL),
  };
}
