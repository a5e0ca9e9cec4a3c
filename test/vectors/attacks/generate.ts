// Writes the attacks: `node test/vectors/attacks/generate.ts`. Run again, it writes the same bytes.
//
// Issuers' keys are those of ../tokens; keys/private-attack-keys.json holds those of attackers. A key that stands in KEYS and
// not in that file is made anew, as is the certificate; nothing else is random, as the signatures that are random by nature
// are remembered in keys/signatures.json.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from '../../support/run-checked.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { createMint, loadPrivateKeys, type Mint, NOW } from '../tokens/mint.ts';
import { ATTACK_FOLDER, type Attack, HARMLESS } from './attack.ts';
import { SMALL_ORDER_POINTS } from './forge.ts';
import { algorithms } from './recipes/algorithms.ts';
import type { AttackRecipe } from './recipes/attack-recipe.ts';
import { audiences } from './recipes/audiences.ts';
import { confusion } from './recipes/confusion.ts';
import { ecdsa } from './recipes/ecdsa.ts';
import { eddsa, smallOrderKid } from './recipes/eddsa.ts';
import { encodings } from './recipes/encodings.ts';
import { extensions } from './recipes/extensions.ts';
import { harmless } from './recipes/harmless.ts';
import { injection } from './recipes/injection.ts';
import { json } from './recipes/json.ts';
import { keyIDs } from './recipes/key-ids.ts';
import { mlDSA } from './recipes/ml-dsa.ts';
import { names } from './recipes/names.ts';
import { offeredKeys } from './recipes/offered-keys.ts';
import { rsa } from './recipes/rsa.ts';
import { sizes } from './recipes/sizes.ts';
import { times } from './recipes/times.ts';
import { weakKeySet, weakKeys } from './recipes/weak-keys.ts';

const inside = (path: string): string => join(ATTACK_FOLDER, path);
const PRIVATE_KEY_FILE = inside('keys/private-attack-keys.json');
const SIGNATURE_FILE = inside('keys/signatures.json');
const CERTIFICATE_FILE = inside('keys/attacker-certificate.pem');

const rsaKey = (modulusLength: number, publicExponent: number) => () =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;
const ecKey = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve }).privateKey;

/** Every private key that is only here: how it is made, and what is published with it. */
const KEYS: Readonly<Record<string, { make: () => KeyObject; alg?: string; kid: string }>> = {
  'attacker-rsa1024': { make: rsaKey(1024, 65_537), alg: 'RS256', kid: 'attacker-rsa1024' },
  'attacker-es384': { make: ecKey('P-384'), alg: 'ES384', kid: 'attacker-es384' },
  'attacker-secp256k1': { make: ecKey('secp256k1'), kid: 'attacker-secp256k1' },
  'attacker-eddsa': {
    make: () => generateKeyPairSync('ed25519').privateKey,
    alg: 'EdDSA',
    kid: 'attacker-eddsa',
  },
  // Of honest issuers, but of attacks alone.
  'low-exponent': { make: rsaKey(2048, 3), alg: 'RS256', kid: 'low-exponent' },
  'partner-es256': { make: ecKey('P-256'), alg: 'ES256', kid: 'shared' },
};

/** Every file that is written, by its path in this folder. */
export async function generateAttacks(): Promise<ReadonlyMap<string, string>> {
  const mint = await createMint(SIGNATURE_FILE, PRIVATE_KEY_FILE);
  const certificate = await readFile(CERTIFICATE_FILE, 'utf8');
  const recipes: Readonly<Record<string, readonly AttackRecipe[]>> = {
    algorithms: algorithms(mint),
    audiences: audiences(mint),
    confusion: confusion(mint),
    ecdsa: ecdsa(mint),
    eddsa: eddsa(mint),
    encodings: encodings(mint),
    extensions: extensions(mint),
    [HARMLESS]: harmless(mint),
    injection: injection(mint),
    json: json(mint),
    'key-ids': keyIDs(mint),
    'ml-dsa': mlDSA(mint),
    names: names(mint),
    'offered-keys': offeredKeys(mint, certificate),
    rsa: rsa(mint),
    sizes: sizes(mint),
    times: times(mint),
    'weak-keys': weakKeys(mint),
  };
  const files = new Map<string, string>();
  for (const [name, set] of Object.entries(keySets(mint))) {
    files.set(`policies/${name}.jwks.json`, format(set));
  }
  for (const [name, list] of Object.entries(recipes)) {
    files.set(`${name}.json`, format(list.map(complete)));
  }
  files.set('keys/signatures.json', format(mint.signatures()));
  return files;
}

/** The key sets that are pinned or published, beside those of ../tokens/policies. */
function keySets(mint: Mint): Readonly<Record<string, unknown>> {
  const { publicKey } = mint;
  return {
    'weak-keys': weakKeySet(mint),
    'low-exponent': { keys: [{ ...publicKey('low-exponent'), use: 'sig' }] },
    'shared-kid': { keys: [{ ...publicKey('cluster-es256'), kid: 'shared', use: 'sig' }] },
    partner: { keys: [{ ...publicKey('partner-es256'), use: 'sig' }] },
    'small-order': {
      keys: SMALL_ORDER_POINTS.map((hex, index) => ({
        kty: 'OKP',
        crv: 'Ed25519',
        kid: smallOrderKid(index),
        x: Buffer.from(hex, 'hex').toString('base64url'),
      })),
    },
  };
}

function complete(recipe: AttackRecipe): Attack {
  const { name, attempts, reference, policy = 'cluster', now = NOW, password } = recipe;
  const { role = 'foo:myservice', service = 'postgresql', source = '10.0.0.7', expected } = recipe;
  const request = { role, service, source };
  return { name, attempts, reference, policy, now, request, password, expected };
}

function format(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Makes the keys that are missing, and the certificate. Those that are there stay as they are. */
async function makeKeys(): Promise<void> {
  const there: Awaited<ReturnType<typeof loadPrivateKeys>> = await loadPrivateKeys(
    PRIVATE_KEY_FILE,
  ).catch(() => ({}));
  const all = Object.entries(KEYS).map(([name, { make, ...published }]) => [
    name,
    there[name] ?? { ...make().export({ format: 'jwk' }), ...published },
  ]);
  await writeFile(PRIVATE_KEY_FILE, format(Object.fromEntries(all)));
  await writeFile(SIGNATURE_FILE, '{}\n', { flag: 'wx' }).catch(() => undefined);
  if ((await readFile(CERTIFICATE_FILE).catch(() => undefined)) === undefined) {
    const key = createPrivateKey({
      key: (await loadPrivateKeys())['attacker-rs256']!,
      format: 'jwk',
    });
    await using folder = await createTemporaryFolder('attacks');
    const keyFile = join(folder.path, 'key.pem');
    await writeFile(keyFile, key.export({ type: 'pkcs8', format: 'pem' }));
    const request = ['req', '-x509', '-key', keyFile, '-days', '36500', '-subj', '/CN=attacker'];
    await writeFile(CERTIFICATE_FILE, await runChecked('openssl', request));
  }
}

if (import.meta.main) {
  await makeKeys();
  for (const [path, text] of await generateAttacks()) {
    await writeFile(inside(path), text);
  }
}
