// Writes the token vectors: `node test/vectors/tokens/generate.ts`. Run again, it writes the same bytes.
//
// keys/private-test-keys.json is where everything comes from. A key that stands in KEYS and not in that file is made anew;
// nothing else is random, as the signatures that are random by nature are remembered in keys/signatures.json.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createMint, loadPrivateKeys, type Mint, NOW, PRIVATE_KEY_FILE } from './mint.ts';
import { audience } from './recipes/audience.ts';
import { claims } from './recipes/claims.ts';
import { demands } from './recipes/demands.ts';
import { ed25519Tokens } from './recipes/ed25519.ts';
import { deny } from './recipes/deny.ts';
import { email } from './recipes/email.ts';
import { header } from './recipes/header.ts';
import { issuer } from './recipes/issuer.ts';
import { keys } from './recipes/keys.ts';
import { kinds } from './recipes/kinds.ts';
import { mlDSATokens } from './recipes/ml-dsa.ts';
import { origin } from './recipes/origin.ts';
import { password } from './recipes/password.ts';
import { publicKeys } from './recipes/public-keys.ts';
import { publishedKeySet, publishedTokens } from './recipes/published.ts';
import type { Recipe } from './recipes/recipe.ts';
import { role } from './recipes/role.ts';
import { rules } from './recipes/rules.ts';
import { scopes } from './recipes/scopes.ts';
import { shape } from './recipes/shape.ts';
import { spiffe } from './recipes/spiffe.ts';
import { split } from './recipes/split.ts';
import { times } from './recipes/times.ts';
import { truncated } from './recipes/truncated.ts';
import { type Vector } from './vector.ts';

const RECIPES: Readonly<Record<string, (mint: Mint) => readonly Recipe[]>> = {
  audience,
  claims,
  demands,
  deny,
  ed25519: ed25519Tokens,
  email,
  header,
  issuer,
  keys,
  kinds,
  'ml-dsa': mlDSATokens,
  origin,
  password,
  'public-keys': publicKeys,
  published: publishedTokens,
  role,
  rules,
  scopes,
  shape,
  spiffe,
  split,
  times,
  truncated,
};

const rsa = (bits: number) => () => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
const ec = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve }).privateKey;
const ed25519 = () => generateKeyPairSync('ed25519').privateKey;
/** Both coordinates begin with a zero byte. */
const ecWithZeros = (namedCurve: string) => () => {
  for (;;) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    if ([x, y].every((coordinate) => Buffer.from(coordinate, 'base64url')[0] === 0)) {
      return privateKey;
    }
  }
};

/** Every private test key: how it is made, and what is published with it. */
const KEYS: Readonly<Record<string, { make: () => KeyObject; alg?: string; kid?: string }>> = {
  'cluster-rs256': { make: rsa(2048), alg: 'RS256', kid: 'cluster-rs256' },
  'cluster-ps256': { make: rsa(2048), alg: 'PS256', kid: 'cluster-ps256' },
  'cluster-rsa': { make: rsa(2048), kid: 'cluster-rsa' },
  'cluster-rs512': { make: rsa(4096), alg: 'RS512', kid: 'cluster-rs512' },
  'cluster-es256': { make: ec('P-256'), alg: 'ES256', kid: 'cluster-es256' },
  'cluster-es384': { make: ec('P-384'), alg: 'ES384', kid: 'cluster-es384' },
  'cluster-es512': { make: ec('P-521'), alg: 'ES512', kid: 'cluster-es512' },
  'cluster-eddsa': { make: ed25519, alg: 'EdDSA', kid: 'cluster-eddsa' },
  'zeros-es256': { make: ecWithZeros('P-256'), alg: 'ES256' },
  'zeros-es512': { make: ecWithZeros('P-521'), alg: 'ES512' },
  'odd-rs256': { make: rsa(2050), alg: 'RS256' },
  'modern-ed25519': { make: ed25519, alg: 'Ed25519', kid: 'modern-ed25519' },
  'modern-ml-dsa-44': {
    make: () => generateKeyPairSync('ml-dsa-44').privateKey,
    alg: 'ML-DSA-44',
    kid: 'modern-ml-dsa-44',
  },
  'modern-ml-dsa-65': {
    make: () => generateKeyPairSync('ml-dsa-65').privateKey,
    alg: 'ML-DSA-65',
    kid: 'modern-ml-dsa-65',
  },
  'modern-ml-dsa-87': {
    make: () => generateKeyPairSync('ml-dsa-87').privateKey,
    alg: 'ML-DSA-87',
    kid: 'modern-ml-dsa-87',
  },
  // Another cluster with the same issuer URL; one of its keys even has the same kid.
  'other-rs256': { make: rsa(2048), alg: 'RS256', kid: 'other-rs256' },
  'other-es256': { make: ec('P-256'), alg: 'ES256', kid: 'cluster-es256' },
  'people-es256': { make: ec('P-256'), alg: 'ES256', kid: 'people-es256' },
  'nameless-rs256': { make: rsa(2048), alg: 'RS256' },
  'twin-a': { make: ec('P-256'), alg: 'ES256', kid: 'twin' },
  'twin-b': { make: ec('P-256'), alg: 'ES256', kid: 'twin' },
  // In no key set.
  'attacker-rs256': { make: rsa(2048), alg: 'RS256', kid: 'attacker-rs256' },
  'attacker-es256': { make: ec('P-256'), alg: 'ES256', kid: 'attacker-es256' },
  'attacker-ml-dsa-44': {
    make: () => generateKeyPairSync('ml-dsa-44').privateKey,
    alg: 'ML-DSA-44',
    kid: 'attacker-ml-dsa-44',
  },
};

/** The key sets that the policies pin, by the names of their private keys. */
const KEY_SETS: Readonly<Record<string, readonly string[]>> = {
  cluster: Object.keys(KEYS).filter((name) => name.startsWith('cluster-')),
  'other-cluster': ['other-rs256', 'other-es256'],
  modern: Object.keys(KEYS).filter((name) => name.startsWith('modern-')),
  people: ['people-es256'],
  nameless: ['nameless-rs256'],
  twins: ['twin-a', 'twin-b'],
};

/** Every file that is written, by its path in this folder. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const mint = await createMint();
  const files = new Map<string, string>();
  for (const [name, members] of Object.entries(KEY_SETS)) {
    const set = { keys: members.map((member) => ({ ...mint.publicKey(member), use: 'sig' })) };
    files.set(`policies/${name}.jwks.json`, format(set));
  }
  files.set('policies/published.jwks.json', format(publishedKeySet(mint)));
  files.set('policies/spire.bundle.json', format(bundle(mint)));
  files.set('policies/cluster.pem', pem(mint));
  files.set('policies/broken.jwks.json', format({ keys: [offCurve(mint)] }));
  for (const [name, recipes] of Object.entries(RECIPES)) {
    files.set(`${name}.json`, format(recipes(mint).map(complete)));
  }
  files.set('keys/signatures.json', format(mint.signatures()));
  return files;
}

function complete(recipe: Recipe): Vector {
  const { name, policy = 'cluster', now = NOW, role: asked = 'foo:myservice' } = recipe;
  const { password: sent, expected } = recipe;
  const source = 'source' in recipe ? recipe.source : '10.0.0.7';
  const request = {
    role: asked,
    service: recipe.service ?? 'postgresql',
    ...(source === undefined ? {} : { source }),
  };
  return { name, policy, now, request, password: sent, expected };
}

/** A trust domain's bundle: two keys for JWT-SVIDs, and others that are none of our business. */
function bundle(mint: Mint): unknown {
  const svid = (name: string) => ({ ...mint.publicKey(name), use: 'jwt-svid' });
  return {
    keys: [
      { ...mint.publicKey('attacker-es256'), use: 'x509-svid', x5u: 'https://spire.example.org' },
      svid('cluster-es256'),
      svid('cluster-eddsa'),
      { ...mint.publicKey('cluster-rs256'), use: 'sig' },
      mint.publicKey('cluster-es384'),
    ],
    spiffe_sequence: 42,
    spiffe_refresh_hint: 300,
  };
}

/** Public keys in PEM, in the forms they come in. */
function pem(mint: Mint): string {
  const key = (name: string) => createPublicKey({ key: mint.publicKey(name), format: 'jwk' });
  return [
    key('cluster-rs256').export({ type: 'spki', format: 'pem' }),
    key('cluster-rsa').export({ type: 'pkcs1', format: 'pem' }),
    key('cluster-es256').export({ type: 'spki', format: 'pem' }),
    key('other-es256').export({ type: 'spki', format: 'pem' }),
    key('cluster-eddsa').export({ type: 'spki', format: 'pem' }),
    key('modern-ml-dsa-44').export({ type: 'spki', format: 'pem' }),
  ].join('');
}

/** A key whose point does not lie on its curve. */
function offCurve(mint: Mint): unknown {
  const key = mint.publicKey('cluster-es256');
  return { ...key, kid: 'off-curve', y: key.x, use: 'sig' };
}

function format(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Makes the keys that are missing. Those that are there stay as they are. */
async function makeKeys(): Promise<void> {
  const there = await loadPrivateKeys();
  const all = Object.entries(KEYS).map(([name, { make, ...published }]) => [
    name,
    there[name] ?? { ...make().export({ format: 'jwk' }), ...published },
  ]);
  await writeFile(PRIVATE_KEY_FILE, format(Object.fromEntries(all)));
}

if (import.meta.main) {
  await makeKeys();
  for (const [path, text] of await generate()) {
    await writeFile(join(import.meta.dirname, path), text);
  }
}
