// Where the keys of a decision come from without a daemon, and what makes remembered ones unusable.
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';

import { createKeysOf } from '../../src/issuer-keys/keys-of.ts';
import type { Issuer, KeySource } from '../../src/policy/policy.ts';
import type { FetchKeySetOptions, KeyLocation } from '../../src/issuers/fetch-key-set.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';
import { createMint, NOW } from '../vectors/tokens/mint.ts';
import { loadPolicies } from '../policy/load-policies.ts';

const mint = await createMint();
const KEYS = { keys: [mint.publicKey('cluster-es256')] };
const WANTED = { keyID: 'cluster-es256', algorithm: 'ES256' } as const;
const [PINNED] = (await loadPolicies(['cluster'])).get('cluster')!.issuers;

const JWKS = { kind: 'jwks', jwksURI: 'https://a.example.com/keys' } as const;
const DISCOVERY = {
  kind: 'discovery',
  issuerURL: 'https://a.example.com',
  discoveryURL: 'https://a.example.com/d',
} as const;

function remote(location: KeyLocation, certificateAuthority?: string): Issuer {
  const keySource: KeySource = {
    kind: 'remote',
    location,
    certificateAuthority,
    bearerTokenFile: undefined,
  };
  return { ...PINNED!, keySource };
}

function createWorld() {
  const records = new Map<string, KeyRecord>();
  const fetched: [KeyLocation, FetchKeySetOptions][] = [];
  const keysOf = createKeysOf({
    clock: () => NOW,
    cache: {
      read: (name, source) => {
        const record = records.get(name);
        return record?.source === source ? record : undefined;
      },
      write: (name, record) => records.set(name, record),
    },
    fetchKeySet: async (location, options) => {
      fetched.push([location, options]);
      return { kind: 'keys', keySet: KEYS, etag: undefined, maxAge: undefined };
    },
  });
  return {
    keysOf: async (issuer: Issuer, failed?: readonly JWK[]) =>
      keysOf(issuer, { ...WANTED, ...(failed === undefined ? {} : { failed }) }),
    fetched,
    records,
  };
}

describe('keys', () => {
  it('that are pinned are those of the policy, and nothing is fetched or remembered', async () => {
    const world = createWorld();
    expect(PINNED?.keySource).toMatchObject({ kind: 'pinned' });
    expect(await world.keysOf(PINNED!)).toBe(
      PINNED?.keySource.kind === 'pinned' && PINNED.keySource.keySet,
    );
    expect(world.fetched).toEqual([]);
    expect(world.records.size).toBe(0);
  });

  it("are fetched on the entry's own terms, and remembered", async () => {
    const world = createWorld();
    expect(await world.keysOf(remote(JWKS, 'PEM'))).toBe(KEYS);
    expect(world.fetched).toMatchObject([[JWKS, { certificateAuthority: 'PEM', timeout: 3 }]]);
    expect(await world.keysOf(remote(JWKS, 'PEM'))).toEqual(KEYS);
    expect(world.fetched).toHaveLength(1);
  });

  it('that were remembered and have failed are fetched once more; those that were just fetched are not', async () => {
    const world = createWorld();
    await world.keysOf(remote(JWKS));
    expect(await world.keysOf(remote(JWKS), KEYS.keys)).toEqual(KEYS);
    expect(world.fetched).toHaveLength(1);

    // Another decision, of another process.
    const later = createWorld();
    for (const [name, record] of world.records) later.records.set(name, record);
    expect(await later.keysOf(remote(JWKS))).toEqual(KEYS);
    expect(later.fetched).toHaveLength(0);
    for (let again = 0; again < 3; again += 1) {
      expect(await later.keysOf(remote(JWKS), KEYS.keys)).toEqual(KEYS);
    }
    expect(later.fetched).toHaveLength(1);
  });

  it.each([
    ['address', remote(JWKS), remote({ ...JWKS, jwksURI: 'https://a.example.com/keys2' })],
    ['certificate authority', remote(JWKS, 'PEM 1'), remote(JWKS, 'PEM 2')],
    ['certificate authority instead of the system', remote(JWKS), remote(JWKS, 'PEM')],
    ['way to find them', remote(JWKS), remote(DISCOVERY)],
    [
      'discovery document',
      remote(DISCOVERY),
      remote({ ...DISCOVERY, discoveryURL: 'https://b.example.com/d' }),
    ],
    ['issuer', remote(DISCOVERY), remote({ ...DISCOVERY, issuerURL: 'https://b.example.com' })],
  ])('that were remembered are not used after a change of the %s', async (_what, before, after) => {
    const world = createWorld();
    await world.keysOf(before);
    await world.keysOf(after);
    expect(world.fetched).toHaveLength(2);
    await world.keysOf(after);
    expect(world.fetched).toHaveLength(2);
  });
});
