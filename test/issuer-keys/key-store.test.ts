// The keys of all issuers under one policy after another, and what decisions see of them.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import type { AuthorizeOptions } from '../../src/decide/authorize-options.ts';
import { createKeyStore, type KeyStore } from '../../src/issuer-keys/key-store.ts';
import { loadPolicy } from '../../src/policy/load-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { createVerifiedTokens } from '../../src/decide/verified-tokens.ts';
import type { FetchKeySetOptions, KeyLocation } from '../../src/issuers/fetch-key-set.ts';
import type { FetchResult } from '../../src/keys/fetch-result.ts';
import { servesSource } from '../../src/keys/key-source.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { signToken } from '../support/sign-token.ts';
import { createSigningKey, type SigningKey } from '../support/signing-key.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const NOW = 1_790_000_000;

let folder: TemporaryFolder;
let store: KeyStore;
/** Every retrieval: whose, and how to end it. */
let fetches: {
  readonly url: string;
  readonly options: FetchKeySetOptions;
  readonly answer: (result: FetchResult) => Promise<void>;
}[];
let told: string[];
let cached: Map<string, KeyRecord>;
let elapsed: number;

beforeEach(async () => {
  folder = await createTemporaryFolder('key-store');
  fetches = [];
  told = [];
  cached = new Map();
  elapsed = 0;
  store = createKeyStore({
    cache: {
      read: (name, source) => {
        const record = cached.get(name);
        return record !== undefined && servesSource(record.source, source)
          ? { ...record, source }
          : undefined;
      },
      write: (name, record) => cached.set(name, record),
    },
    clock: () => NOW + elapsed,
    monotonicClock: () => elapsed,
    random: () => 0,
    onFetch: (issuer, result) => told.push(`${issuer} ${result.kind}`),
    fetchKeySet: async (location, options) => {
      const { promise, resolve } = Promise.withResolvers<FetchResult>();
      fetches.push({
        url: 'issuerURL' in location ? location.issuerURL : addressOf(location),
        options,
        answer: async (result) => {
          resolve(result);
          await settle();
        },
      });
      return promise;
    },
  });
});

afterEach(async () => {
  store.stop();
  await folder.remove();
});

function addressOf(location: Exclude<KeyLocation, { kind: 'discovery' }>): string {
  return location.kind === 'jwks' ? location.jwksURI : location.bundleURL;
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
};
const keys = (...given: readonly SigningKey[]): FetchResult => ({
  kind: 'keys',
  keySet: { keys: given.map((key) => key.publicJWK) },
  etag: undefined,
  maxAge: undefined,
});
const entry = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  name,
  issuer: { url: `https://${name}.example.com`, audiences: ['postgres'] },
  roles: [{ claim: 'sub' }],
  ...more,
});

async function policyOf(...entries: readonly Readonly<Record<string, unknown>>[]): Promise<Policy> {
  const file = join(folder.path, 'issuers.yaml');
  await writeFile(file, writeIssuersYAML(entries));
  await chmod(file, 0o644);
  const loaded = await loadPolicy(file);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.policy;
}

function mint(key: SigningKey, name: string, claims: Readonly<Record<string, unknown>> = {}) {
  return signToken(key, {
    iss: `https://${name}.example.com`,
    aud: 'postgres',
    sub: 'foo',
    iat: NOW,
    exp: NOW + 600,
    ...claims,
  });
}

/** Decides a login as foo; undefined when granted, else why not. */
async function decide(password: string, policy: Policy, world: AuthorizeOptions) {
  const request = { service: 'postgresql', role: 'foo', source: undefined, password };
  const { decision } = await authorize(request, policy, world);
  return decision.granted ? undefined : { code: decision.code, message: decision.message };
}

const worldOf = (policy: Policy): AuthorizeOptions => ({
  clock: () => NOW + elapsed,
  ...store.use(policy),
  verifiedTokens: createVerifiedTokens(),
});

describe('with a new policy', () => {
  it('begins to keep the keys of every issuer at once, before anybody logs in', async () => {
    store.use(await policyOf(entry('a'), entry('b')));
    expect(fetches.map(({ url }) => url)).toEqual([
      'https://a.example.com',
      'https://b.example.com',
    ]);
    expect([...store.status().keys()]).toEqual(['a', 'b']);
  });

  it('goes on with the keys of an issuer that has not changed', async () => {
    const key = await createSigningKey('ES256', 'k');
    store.use(await policyOf(entry('a')));
    await fetches[0]!.answer(keys(key));
    const changedRole = entry('a', { roles: [{ claim: 'sub', equals: 'foo', role: 'foo' }] });
    const policy = await policyOf(changedRole, entry('b'));
    const world = worldOf(policy);
    expect(fetches.map(({ url }) => url)).toEqual([
      'https://a.example.com',
      'https://b.example.com',
    ]);
    expect(await decide(mint(key, 'a'), policy, world)).toBeUndefined();
    expect(store.status().get('a')).toMatchObject({ keyCount: 1 });
  });

  it.each([
    ['key address', { keys: { jwksURI: 'https://a.example.com/keys' } }],
    ['refresh interval', { cache: { refreshInterval: '5m' } }],
    ['time limit', { http: { timeout: '1s' } }],
  ])('starts over with an issuer whose %s has changed', async (_what, more) => {
    store.use(await policyOf(entry('a')));
    store.use(await policyOf(entry('a', more)));
    expect(fetches).toHaveLength(2);
    await fetches[0]!.answer(keys(await createSigningKey('ES256', 'old')));
    expect(store.status().get('a')).toMatchObject({ keyCount: 0 });
    expect(told).toEqual([]);
    await fetches[1]!.answer(keys(await createSigningKey('ES256', 'new')));
    expect(store.status().get('a')).toMatchObject({ keyCount: 1 });
    expect(told).toEqual(['a keys']);
  });

  it('does not lose keys that are on disk when only the refresh interval has changed', async () => {
    const key = await createSigningKey('ES256', 'k');
    store.use(await policyOf(entry('a')));
    await fetches[0]!.answer(keys(key));
    const policy = await policyOf(entry('a', { cache: { refreshInterval: '5m' } }));
    const world = worldOf(policy);
    expect(await decide(mint(key, 'a'), policy, world)).toBeUndefined();
    expect(fetches).toHaveLength(1);
  });

  it('keeps the keys of an issuer whose certificate authorities are rotated, until the old one is taken out', async () => {
    await using old = await createCertificateAuthority();
    await using rotated = await createCertificateAuthority();
    const key = await createSigningKey('ES256', 'k');
    const trusting = async (...pems: readonly string[]): Promise<Policy> => {
      await writeFile(join(folder.path, 'ca.pem'), pems.join(''));
      await chmod(join(folder.path, 'ca.pem'), 0o644);
      const issuer = {
        url: 'https://a.example.com',
        certificateAuthorityFile: 'ca.pem',
        audiences: ['postgres'],
      };
      return policyOf(entry('a', { issuer }));
    };
    const login = async (policy: Policy) => decide(mint(key, 'a'), policy, worldOf(policy));
    store.use(await trusting(old.certificate));
    await fetches[0]!.answer(keys(key));

    // A comment changes nothing.
    expect(await login(await trusting('# until spring\n', old.certificate))).toBeUndefined();
    expect(fetches).toHaveLength(1);
    // Another one beside it: whether that is well is found out at once, and nobody waits for it.
    expect(await login(await trusting(old.certificate, rotated.certificate))).toBeUndefined();
    expect(fetches).toHaveLength(2);
    await fetches[1]!.answer({ kind: 'failed', reason: 'connection refused' });
    expect(store.status().get('a')).toMatchObject({ keyCount: 1 });
    // Without the old one, it may have been its word: the issuer is asked.
    const waiting = login(await trusting(rotated.certificate));
    await vi.waitFor(() => expect(fetches).toHaveLength(3));
    await fetches[2]!.answer({ kind: 'failed', reason: 'connection refused' });
    expect(await waiting).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
  });

  it('goes on with a retrieval that is under way, and begins no second one', async () => {
    const key = await createSigningKey('ES256', 'k');
    store.use(await policyOf(entry('a')));
    const policy = await policyOf(entry('a'));
    const world = worldOf(policy);
    expect(fetches).toHaveLength(1);
    await fetches[0]!.answer(keys(key));
    expect(told).toEqual(['a keys']);
    expect(await decide(mint(key, 'a'), policy, world)).toBeUndefined();
    expect(fetches).toHaveLength(1);
  });

  it('says whose keys are at hand: pinned ones always, others once they are retrieved', async () => {
    const key = await createSigningKey('ES256', 'k');
    const file = join(folder.path, 'keys.json');
    await writeFile(file, JSON.stringify({ keys: [key.publicJWK] }));
    await chmod(file, 0o644);
    const policy = await policyOf(entry('a'), entry('b', { keys: { jwksFile: 'keys.json' } }));
    const { hasCachedKey } = store.use(policy);
    const [a, b] = policy.issuers;
    const wanted = { keyID: 'k', algorithm: 'ES256' } as const;
    expect([hasCachedKey(a!, wanted), hasCachedKey(b!, wanted)]).toEqual([false, true]);
    await fetches[0]!.answer(keys(key));
    expect(hasCachedKey(a!, wanted)).toBe(true);
    expect(hasCachedKey(a!, { ...wanted, keyID: 'other' })).toBe(false);
    const [stranger] = (await policyOf(entry('c'))).issuers;
    expect(hasCachedKey(stranger!, wanted)).toBe(false);
  });

  it('has one place for what is made of certificate authorities, for all of them and from policy to policy', async () => {
    store.use(await policyOf(entry('a'), entry('b')));
    store.use(await policyOf(entry('a', { http: { timeout: '5s' } })));
    const places = fetches.map(({ options }) => options.secureContexts);
    expect(places).toHaveLength(3);
    expect(new Set(places)).toEqual(new Set([expect.any(Function)]));
  });

  it('stops looking names up when it stops', async () => {
    store.use(await policyOf(entry('a')));
    const lookUp = fetches[0]?.options.lookUp;
    const { signal } = new AbortController();
    await expect(lookUp?.('localhost', signal)).resolves.not.toEqual([]);
    store.stop();
    await expect(lookUp?.('localhost', signal)).rejects.toThrow('aborted');
  });

  it('stops with all of them: what is under way comes to nothing', async () => {
    store.use(await policyOf(entry('a'), entry('b')));
    store.stop();
    for (const { answer } of fetches) await answer(keys(await createSigningKey('ES256', 'k')));
    expect(told).toEqual([]);
    expect(cached.size).toBe(0);
  });

  it('ends those of an issuer that is gone: what is under way comes to nothing', async () => {
    store.use(await policyOf(entry('a'), entry('b')));
    store.use(await policyOf(entry('b')));
    await fetches[0]!.answer(keys(await createSigningKey('ES256', 'k')));
    expect([...store.status().keys()]).toEqual(['b']);
    expect(told).toEqual([]);
    expect(cached.size).toBe(0);
  });

  it('leaves a decision under way the keys of its own policy', async () => {
    const key = await createSigningKey('ES256', 'k');
    const old = await policyOf(entry('a'));
    const oldWorld = worldOf(old);
    await fetches[0]!.answer(keys(key));
    const next = await policyOf(
      entry('a', { keys: { jwksURI: 'https://elsewhere.example.com/keys' } }),
    );
    const nextWorld = worldOf(next);
    await fetches[1]!.answer(keys(await createSigningKey('ES256', 'other')));
    expect(await decide(mint(key, 'a'), old, oldWorld)).toBeUndefined();
    const refused = decide(mint(key, 'a'), next, nextWorld);
    await settle();
    await fetches[2]!.answer({ kind: 'failed', reason: 'connection refused' });
    expect(await refused).toEqual({
      code: 'ERR_KEY_UNKNOWN',
      message: 'the issuer has one key, whose kid is not "k"',
    });
  });

  it('gives a login the answer that it waits for, also when the retrieval began under the policy of before', async () => {
    const key = await createSigningKey('ES256', 'k');
    const old = await policyOf(entry('a'), entry('gone'));
    const oldWorld = worldOf(old);
    const logins = ['a', 'gone'].map(async (name) => decide(mint(key, name), old, oldWorld));
    await settle();
    const next = await policyOf(
      entry('a', { keys: { jwksURI: 'https://elsewhere.example.com/keys' } }),
    );
    const nextWorld = worldOf(next);
    for (const { answer } of fetches.slice(0, 2)) await answer(keys(key));
    expect(await Promise.all(logins)).toEqual([undefined, undefined]);
    // It is no answer to those who come under the new one.
    expect(told).toEqual([]);
    const waiting = decide(mint(key, 'a'), next, nextWorld);
    await settle();
    await fetches[2]!.answer(keys(await createSigningKey('ES256', 'k')));
    await vi.waitFor(() => expect(fetches).toHaveLength(4));
    expect(fetches.map(({ url }) => url)).toEqual([
      'https://a.example.com',
      'https://gone.example.com',
      'https://elsewhere.example.com/keys',
      'https://elsewhere.example.com/keys',
    ]);
    await fetches[3]!.answer({ kind: 'failed', reason: 'connection refused' });
    expect(await waiting).toMatchObject({ code: 'ERR_SIGNATURE_INVALID' });
  });

  it('gives no keys for an entry that its policy does not have', async () => {
    const a = await policyOf(entry('a'));
    const { keysOf } = store.use(await policyOf(entry('b')));
    expect(await keysOf(a.issuers[0]!, { keyID: 'k', algorithm: 'ES256' })).toMatchObject({
      code: 'ERR_INTERNAL',
      message: 'no keys are kept for entry a',
    });
  });

  it('keeps nothing for pinned keys, and gives them', async () => {
    const key = await createSigningKey('ES256', 'k');
    const file = join(folder.path, 'keys.json');
    await writeFile(file, JSON.stringify({ keys: [key.publicJWK] }));
    await chmod(file, 0o644);
    const policy = await policyOf(entry('a', { keys: { jwksFile: 'keys.json' } }));
    const world = worldOf(policy);
    expect(await decide(mint(key, 'a'), policy, world)).toBeUndefined();
    expect(fetches).toEqual([]);
    expect(store.status().size).toBe(0);
  });
});

it('an issuer that hangs does not delay another', async () => {
  const key = await createSigningKey('ES256', 'k');
  const policy = await policyOf(entry('hangs'), entry('works'));
  const world = worldOf(policy);
  await fetches[1]!.answer(keys(key));
  const ended: string[] = [];
  const hanging = decide(mint(key, 'hangs'), policy, world).finally(() => ended.push('hangs'));
  expect(await decide(mint(key, 'works'), policy, world)).toBeUndefined();
  expect(ended).toEqual([]);
  await fetches[0]!.answer({ kind: 'failed', reason: 'no answer in time (http.timeout)' });
  expect(await hanging).toEqual({
    code: 'ERR_KEYS_UNAVAILABLE',
    message:
      "the issuer's keys could not be retrieved, and none are remembered: no answer in time (http.timeout)",
  });
});

describe('a token that was granted is refused', () => {
  it('after its key has left the set of the issuer', async () => {
    const key = await createSigningKey('ES256', 'old');
    const policy = await policyOf(entry('a'));
    const world = worldOf(policy);
    await fetches[0]!.answer(keys(key));
    const token = mint(key, 'a');
    expect(await decide(token, policy, world)).toBeUndefined();
    expect(world.verifiedTokens?.size).toBe(1);

    // Another login names a key that is not there; what is fetched for it lacks the old one.
    const other = await createSigningKey('ES256', 'new');
    const seeking = decide(mint(other, 'a'), policy, world);
    await settle();
    await fetches[1]!.answer(keys(other));
    expect(await seeking).toBeUndefined();
    expect(await decide(token, policy, world)).toEqual({
      code: 'ERR_KEY_UNKNOWN',
      message: 'the issuer has one key, whose kid is not "old"',
    });
  });

  it('after its key was replaced by another one of the same kid', async () => {
    const key = await createSigningKey('ES256', 'same');
    const policy = await policyOf(entry('a'));
    const world = worldOf(policy);
    await fetches[0]!.answer(keys(key));
    const token = mint(key, 'a');
    expect(await decide(token, policy, world)).toBeUndefined();
    const [another, seen] = [
      await createSigningKey('ES256', 'same'),
      await createSigningKey('ES256', 'seen'),
    ];
    const seeking = decide(mint(seen, 'a'), policy, world);
    await settle();
    await fetches[1]!.answer(keys(another, seen));
    await seeking;
    const refused = decide(token, policy, world);
    await settle();
    // The issuer was asked a moment ago, for a key that was not there.
    expect(fetches).toHaveLength(2);
    expect(await refused).toMatchObject({ code: 'ERR_SIGNATURE_INVALID' });
  });

  it('after a reload without its role', async () => {
    const key = await createSigningKey('ES256', 'k');
    const policy = await policyOf(entry('a'));
    const world = worldOf(policy);
    await fetches[0]!.answer(keys(key));
    const token = mint(key, 'a');
    expect(await decide(token, policy, world)).toBeUndefined();
    const next = await policyOf(
      entry('a', { roles: [{ claim: 'sub', equals: 'bar', role: 'bar' }] }),
    );
    const reused = { ...worldOf(next), verifiedTokens: world.verifiedTokens! };
    expect(await decide(token, next, reused)).toMatchObject({
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: 'role "foo" asked for, and the role rules permit none for this token',
    });
  });

  it('after its exp, once the permitted skew has passed as well', async () => {
    const key = await createSigningKey('ES256', 'k');
    const policy = await policyOf(entry('a'));
    const world = worldOf(policy);
    await fetches[0]!.answer(keys(key));
    const token = mint(key, 'a');
    expect(await decide(token, policy, world)).toBeUndefined();
    elapsed = 631;
    expect(await decide(token, policy, world)).toMatchObject({ code: 'ERR_TOKEN_EXPIRED' });
    expect(world.verifiedTokens?.size).toBeLessThanOrEqual(1);
  });

  it('by an entry that wants another audience, although another entry has verified it', async () => {
    const key = await createSigningKey('ES256', 'k');
    const issuer = { url: 'https://a.example.com', audiences: ['other'] };
    const policy = await policyOf(entry('a'), { ...entry('b'), issuer });
    const world = worldOf(policy);
    await fetches[0]!.answer(keys(key));
    await fetches[1]!.answer(keys(key));
    const request = { service: 's', role: 'foo', source: undefined, password: mint(key, 'a') };
    expect((await authorize(request, policy, world)).decision).toMatchObject({ issuer: 'a' });
    expect(world.verifiedTokens?.size).toBe(1);
    const password = mint(key, 'a', { aud: 'other' });
    const { decision } = await authorize({ ...request, password }, policy, world);
    expect(decision).toMatchObject({ granted: true, issuer: 'b' });
  });
});
