// Writes the vectors of the examples: `node test/vectors/examples/generate.ts`. Run again, it writes the same bytes.
//
// Keys are made once. Signatures that are random by nature (ECDSA, PSS) are taken from the files that are there, as long as
// they still fit.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod/mini';

import { SIGNATURES, type SigningAlgorithm } from '../../support/signatures.ts';
import { encodePart } from '../../support/sign-token.ts';
import { EXAMPLES } from './recipes/examples.ts';
import { type ExampleRecipe, type KeyName, NOW, type TokenRecipe } from './recipes/recipe.ts';
import { type ExampleVectors, loadExampleVectors } from './vector.ts';

const KEY_FILE = join(import.meta.dirname, 'keys', 'private-test-keys.json');

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve }).privateKey;

const KEYS: Readonly<Record<KeyName, () => KeyObject>> = {
  rsa,
  'rsa-next': rsa,
  'rsa-other': rsa,
  es256: ec('P-256'),
  'es256-other': ec('P-256'),
  es384: ec('P-384'),
  'es384-other': ec('P-384'),
};

type PrivateKeys = Readonly<Record<KeyName, KeyObject>>;

/** Every file that is written, by its name in this folder. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const keys = await loadKeys();
  const there = await loadExampleVectors();
  const files = Object.entries(EXAMPLES).map(([name, recipe]) => {
    const remembered = new Set(there.get(name)?.vectors.map(({ token }) => token));
    return [`${name}.json`, format(complete(recipe, keys, remembered))] as const;
  });
  return new Map(files);
}

function complete(
  recipe: ExampleRecipe,
  keys: PrivateKeys,
  remembered: Set<string>,
): ExampleVectors {
  const published: Record<string, { keys: object[] }> = {};
  for (const [entry, { keys: list, members }] of Object.entries(recipe.published)) {
    const jwks = list.map(({ key, members: beside }) => ({ ...publicJWK(keys[key]), ...beside }));
    published[entry] = { ...members, keys: jwks };
  }
  return {
    now: NOW,
    published,
    vectors: recipe.vectors.map((vector) => {
      const { name, role, service = 'postgresql', source = '10.0.0.7', expected } = vector;
      const token = makeToken(vector.token, keys[vector.token.key], remembered);
      remembered.add(token);
      return { name, request: { role, service, source }, token, expected };
    }),
  };
}

function makeToken(recipe: TokenRecipe, key: KeyObject, remembered: ReadonlySet<string>): string {
  const text = `${encodePart(recipe.header)}.${encodePart(recipe.claims)}`;
  const data = Buffer.from(text);
  if (recipe.secret !== undefined) {
    return `${text}.${createHmac('sha256', recipe.secret).update(data).digest('base64url')}`;
  }
  const { hash, options } = SIGNATURES[algorithmOf(recipe.header.alg)];
  const known = [...remembered]
    .filter((token) => token.startsWith(`${text}.`))
    .map((token) => token.slice(text.length + 1))
    .find((part) =>
      verify(hash, data, { key: createPublicKey(key), ...options }, Buffer.from(part, 'base64url')),
    );
  return `${text}.${known ?? sign(hash, data, { key, ...options }).toString('base64url')}`;
}

function algorithmOf(name: string): SigningAlgorithm {
  const algorithm = Object.keys(SIGNATURES).find((one) => one === name);
  if (!isAlgorithm(algorithm)) throw new Error(`alg ${name} does not say how to sign`);
  return algorithm;
}

function isAlgorithm(name: string | undefined): name is SigningAlgorithm {
  return name !== undefined && Object.hasOwn(SIGNATURES, name);
}

function publicJWK(key: KeyObject): object {
  return createPublicKey(key).export({ format: 'jwk' });
}

async function loadKeys(): Promise<PrivateKeys> {
  const jwks = await readKeyFile();
  const load = (name: KeyName): KeyObject => {
    const jwk = jwks[name];
    if (jwk === undefined) throw new Error(`no private test key ${name}`);
    return createPrivateKey({ key: jwk, format: 'jwk' });
  };
  return mapKeys(load);
}

/** Makes the keys that are missing. Those that are there stay as they are. */
async function makeKeys(): Promise<void> {
  const there = existsSync(KEY_FILE) ? await readKeyFile() : {};
  const all = mapKeys((name) => there[name] ?? KEYS[name]().export({ format: 'jwk' }));
  await writeFile(KEY_FILE, format(all));
}

async function readKeyFile() {
  const jwk = z.looseObject({ kty: z.string() });
  return z.record(z.string(), jwk).parse(JSON.parse(await readFile(KEY_FILE, 'utf8')));
}

function mapKeys<T>(make: (name: KeyName) => T): Readonly<Record<KeyName, T>> {
  return {
    rsa: make('rsa'),
    'rsa-next': make('rsa-next'),
    'rsa-other': make('rsa-other'),
    es256: make('es256'),
    'es256-other': make('es256-other'),
    es384: make('es384'),
    'es384-other': make('es384-other'),
  };
}

function format(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

if (import.meta.main) {
  await makeKeys();
  for (const [file, text] of await generate()) {
    await writeFile(join(import.meta.dirname, file), text);
  }
}
