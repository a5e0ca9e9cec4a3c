// Whose keys are remembered under which terms, and on which terms they are retrieved.
import { expect, it } from 'vitest';

import type { Issuer, RemoteKeySource } from '../../src/policy/policy.ts';
import { remoteKeysOf } from '../../src/issuer-keys/remote-keys.ts';
import type {
  fetchKeySet,
  FetchKeySetOptions,
  KeyLocation,
} from '../../src/issuers/fetch-key-set.ts';
import { loadPolicies } from '../policy/load-policies.ts';

const ISSUER: Issuer = (await loadPolicies(['cluster'])).get('cluster')!.issuers[0]!;

const source = (
  location: KeyLocation,
  certificateAuthority?: string,
  bearerTokenFile?: string,
): RemoteKeySource => ({ kind: 'remote', location, certificateAuthority, bearerTokenFile });

it.each<readonly [from: RemoteKeySource, described: string]>([
  [
    source({ kind: 'jwks', jwksURI: 'https://a.example.com/k' }),
    'jwks https://a.example.com/k by the authorities of the system',
  ],
  [
    source({ kind: 'jwks', jwksURI: 'https://a.example.com/k' }, 'PEM', '/run/token'),
    'jwks https://a.example.com/k with the token in /run/token by PEM',
  ],
  [
    source({ kind: 'discovery', issuerURL: 'https://a.example.com', discoveryURL: 'https://b/d' }),
    'discovery https://b/d of https://a.example.com by the authorities of the system',
  ],
  [
    source({ kind: 'spiffe-bundle', bundleURL: 'https://a.example.com/b' }, 'PEM'),
    'SPIFFE bundle https://a.example.com/b by PEM',
  ],
])('%j is remembered as it is', (from, described) => {
  const { owner } = remoteKeysOf(ISSUER, from);
  expect(owner).toEqual({ name: 'cluster', source: described, ...ISSUER.entry.cache });
});

it('retrieves on the terms of the entry, with the tag of what is at hand', async () => {
  const asked: [KeyLocation, FetchKeySetOptions][] = [];
  const fake: typeof fetchKeySet = async (location, options) => {
    asked.push([location, options]);
    return { kind: 'failed', reason: 'x' };
  };
  const from = source({ kind: 'jwks', jwksURI: 'https://a.example.com/k' }, 'PEM', '/run/token');
  expect(await remoteKeysOf(ISSUER, from, fake).fetch('tag')).toEqual({
    kind: 'failed',
    reason: 'x',
  });
  expect(asked).toEqual([
    [
      from.location,
      {
        ...ISSUER.entry.http,
        certificateAuthority: 'PEM',
        bearerTokenFile: '/run/token',
        etag: 'tag',
      },
    ],
  ]);
});
