// Signatures against keys that the caller chose; the token vectors have the rest.
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';

import { isRefusal } from '../../src/errors.ts';
import { type ParsedToken, parseToken } from '../../src/verify/parse-token.ts';
import { verifySignature } from '../../src/verify/verify-signature.ts';
import { createMint, type TokenOptions } from '../vectors/tokens/mint.ts';

const mint = await createMint();

function parse(options: TokenOptions): ParsedToken {
  const token = parseToken(mint.token(options), 16_384);
  if (isRefusal(token)) throw new Error(token.message);
  return token;
}

async function verify(options: TokenOptions, ...keys: readonly JWK[]) {
  return verifySignature(parse(options), keys);
}

const RS256 = mint.publicKey('cluster-rs256');
const RS512 = mint.publicKey('cluster-rs512');
const ES256 = mint.publicKey('cluster-es256');
const OFF_CURVE: JWK = { ...ES256, kid: 'off-curve', y: ES256.x! };

describe('a signature', () => {
  it('is verified by the key that made it, and says by which', async () => {
    expect(await verify({}, RS256)).toBe(RS256);
    expect(
      await verify({ key: 'twin-b' }, mint.publicKey('twin-a'), mint.publicKey('twin-b')),
    ).toEqual(mint.publicKey('twin-b'));
  });

  it('is verified by a good key behind one that is broken', async () => {
    expect(await verify({ key: 'cluster-es256' }, OFF_CURVE, ES256)).toBe(ES256);
  });

  it('is verified by a key whose own alg is another, as the caller chose it', async () => {
    // findKeys does not offer such a key; this shows that the token's algorithm is what is verified.
    const rsa = mint.publicKey('cluster-rsa');
    expect(await verify({ key: 'cluster-rsa' }, { ...rsa, alg: 'RS512' })).toMatchObject({
      kid: 'cluster-rsa',
    });
    expect(
      await verify({ key: 'cluster-rsa', algorithm: 'RS512' }, { ...rsa, alg: 'RS512' }),
    ).toMatchObject({ code: 'ERR_SIGNATURE_INVALID' });
  });

  it('is verified by no key at all', async () => {
    expect(await verify({})).toMatchObject({
      code: 'ERR_SIGNATURE_INVALID',
      message: 'the issuer\'s key for kid "cluster-rs256" is not a valid RS256 key',
    });
  });

  it("is refused when it is another key's", async () => {
    expect(await verify({ key: 'attacker-rs256' }, RS256)).toMatchObject({
      code: 'ERR_SIGNATURE_INVALID',
      message: 'the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
      hint: 'The token was changed on its way, or another issuer uses the same key ID.',
    });
  });

  it('is refused when the key is none', async () => {
    expect(
      await verify({ key: 'cluster-es256', header: { kid: 'off-curve' } }, OFF_CURVE),
    ).toMatchObject({
      code: 'ERR_SIGNATURE_INVALID',
      message: 'the issuer\'s key for kid "off-curve" is not a valid ES256 key',
      hint: 'Ask whoever runs the issuer to fix its key set.',
    });
  });

  it.each<readonly [what: string, key: JWK, message: string]>([
    [
      'an RSA key with another exponent',
      { ...RS256, e: 'Aw' },
      'the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
    ],
    [
      'an RSA key whose modulus is even',
      { ...RS256, n: `${RS256.n!.slice(0, -2)}AA` },
      'the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
    ],
    [
      'an RSA key without a modulus',
      { kty: 'RSA', kid: 'cluster-rs256', e: 'AQAB' },
      'the issuer\'s key for kid "cluster-rs256" is not a valid RS256 key',
    ],
    ['an EC key', ES256, 'the issuer\'s key for kid "cluster-rs256" is not a valid RS256 key'],
    [
      'a key of an unknown kind',
      { kty: 'XYZ' },
      'the issuer\'s key for kid "cluster-rs256" is not a valid RS256 key',
    ],
  ])('is refused for %s', async (_what, key, message) => {
    expect(await verify({}, key)).toMatchObject({
      granted: false,
      code: 'ERR_SIGNATURE_INVALID',
      message,
    });
  });

  it('that is shorter than every RSA key it is tried with was cut', async () => {
    const options: TokenOptions = {
      key: 'cluster-rs512',
      signature: (bytes) => bytes.subarray(0, 300),
    };
    const text = mint.token(options);
    expect(await verify(options, RS512)).toMatchObject({
      code: 'ERR_TOKEN_TRUNCATED',
      message: `the token was cut to ${text.length} bytes on its way: its RS512 signature is 212 bytes shorter than the key's`,
    });
    const nearly: TokenOptions = {
      key: 'cluster-rs512',
      signature: (bytes) => bytes.subarray(0, 511),
    };
    expect(await verify(nearly, RS512)).toMatchObject({
      code: 'ERR_TOKEN_TRUNCATED',
      message: `the token was cut to ${mint.token(nearly).length} bytes on its way: its RS512 signature is 1 byte shorter than the key's`,
    });
    // With a key of its length beside, it may as well be another's.
    expect(
      await verify({ key: 'cluster-rsa', algorithm: 'RS512', header: { alg: 'RS512' } }, RS512, {
        ...RS256,
        alg: 'RS512',
      }),
    ).toMatchObject({ code: 'ERR_SIGNATURE_INVALID' });
  });

  it('does not depend on zero bytes in front of the modulus', async () => {
    const n = Buffer.concat([Buffer.alloc(1), Buffer.from(RS256.n!, 'base64url')]).toString(
      'base64url',
    );
    const padded = { ...RS256, n };
    expect(await verify({}, padded)).toMatchObject({ kid: 'cluster-rs256' });
    // Another's signature of the same length is no shorter than the key's.
    expect(await verify({ key: 'attacker-rs256' }, padded)).toMatchObject({
      code: 'ERR_SIGNATURE_INVALID',
      message: `the signature does not verify with the issuer's key "cluster-rs256" (RS256)`,
    });
  });
});
