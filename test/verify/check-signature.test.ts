// One signature against one key: which keys are none for an algorithm, and which checks leave the thread to other logins.
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { isRefusal } from '../../src/errors.ts';
import { checkSignature } from '../../src/verify/check-signature.ts';
import { parseToken, type ParsedToken } from '../../src/verify/parse-token.ts';
import { createMint, type TokenOptions } from '../vectors/tokens/mint.ts';

const mint = await createMint();

function parse(options: TokenOptions): ParsedToken {
  const token = parseToken(mint.token(options), 16_384);
  if (isRefusal(token)) throw new Error(token.message);
  return token;
}

const publicKey = (name: string): KeyObject =>
  createPublicKey({ key: mint.publicKey(name), format: 'jwk' });

/** An RSA key of so many bits that nobody has the private half of. */
function rsaKeyOf(bits: number): KeyObject {
  const n = Buffer.alloc(Math.ceil(bits / 8), 0xff);
  n[0] = 0xff >> (n.length * 8 - bits);
  return createPublicKey({
    key: { kty: 'RSA', n: n.toString('base64url'), e: 'AQAB' },
    format: 'jwk',
  });
}

/** A token whose signature is turned around. */
const forged = (key: string): ParsedToken =>
  parse({ key, signature: (bytes) => bytes.toReversed() });

const IN_PLACE = [
  'cluster-rs256',
  'cluster-ps256',
  'cluster-rs512',
  'cluster-es256',
  'cluster-eddsa',
  'modern-ed25519',
  'modern-ml-dsa-44',
];
const ELSEWHERE = ['cluster-es384', 'cluster-es512', 'modern-ml-dsa-65', 'modern-ml-dsa-87'];

/** What comes of a check, and whether it was there before anything else could have had its turn. */
async function outcomeOf(check: Promise<string>) {
  let isDone = false;
  void check.then(() => {
    isDone = true;
  });
  // Other threads, timers and files are heard of only after all of these.
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
  const inPlace = isDone;
  return { outcome: await check, inPlace };
}

describe('a signature', () => {
  it.each([
    ...IN_PLACE.map((name) => [name, true] as const),
    ...ELSEWHERE.map((name) => [name, false] as const),
  ])('by %s is valid or not, and in place is what is quick: %s', async (name, inPlace) => {
    const key = publicKey(name);
    expect(await outcomeOf(checkSignature(parse({ key: name }), key))).toEqual({
      outcome: 'valid',
      inPlace,
    });
    expect(await outcomeOf(checkSignature(forged(name), key))).toEqual({
      outcome: 'invalid',
      inPlace,
    });
  });

  it('by an RSA key of over 4096 bits is checked elsewhere', async () => {
    const token = parse({});
    expect(await outcomeOf(checkSignature(token, rsaKeyOf(4096)))).toEqual({
      outcome: 'invalid',
      inPlace: true,
    });
    expect(await outcomeOf(checkSignature(token, rsaKeyOf(4097)))).toEqual({
      outcome: 'invalid',
      inPlace: false,
    });
  });
});

describe('a key is none for the algorithm', () => {
  it.each<readonly [what: string, token: string, key: () => KeyObject]>([
    ['if it is of another kind', 'cluster-eddsa', () => publicKey('cluster-rs256')],
    ['if it is an EC key for RSA', 'cluster-rs256', () => publicKey('cluster-es256')],
    ['if it is an RSA key for ECDSA', 'cluster-es256', () => publicKey('cluster-rs256')],
    ['if it is of another level', 'modern-ml-dsa-44', () => publicKey('modern-ml-dsa-65')],
    ['if it is of another curve', 'cluster-es256', () => publicKey('cluster-es384')],
    ['if it is of another curve, and slow', 'cluster-es384', () => publicKey('cluster-es256')],
    ['if it is too small', 'cluster-rs256', () => rsaKeyOf(2047)],
    ['if it is private', 'cluster-es256', () => mint.privateKey('cluster-es256')],
    ['if it is private, and slow', 'cluster-es384', () => mint.privateKey('cluster-es384')],
    ['if it is secret', 'cluster-rs256', () => createSecretKey(Buffer.alloc(32))],
  ])('%s', async (_what, token, key) => {
    expect(await checkSignature(parse({ key: token }), key())).toBe('broken');
  });

  it('unless it has at least 2048 bits', async () => {
    expect(await checkSignature(parse({}), rsaKeyOf(2048))).toBe('invalid');
  });
});
