// ML-DSA signatures, and a runtime that has none.
import { createPublicKey } from 'node:crypto';

import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';

import { isRefusal } from '../../src/errors.ts';
import { parseToken, type ParsedToken } from '../../src/verify/parse-token.ts';
import { verifySignature } from '../../src/verify/verify-signature.ts';
import { createMint } from '../vectors/tokens/mint.ts';

const mint = await createMint();
const KEY = mint.publicKey('modern-ml-dsa-44');
const OTHER = mint.publicKey('attacker-ml-dsa-44');

function parse(key: string): ParsedToken {
  const token = parseToken(mint.token({ key }), 16_384);
  if (isRefusal(token)) throw new Error(token.message);
  return token;
}

describe.each(['modern-ml-dsa-44', 'modern-ml-dsa-65', 'modern-ml-dsa-87'])(
  'a token by %s',
  (name) => {
    it('is verified by the key that made it', async () => {
      const key = mint.publicKey(name);
      expect(await verifySignature(parse(name), [key])).toBe(key);
      expect(await verifySignature(parse(name), [OTHER, key])).toBe(key);
    });

    it('is verified by no other key of its level', async () => {
      const key = mint.publicKey(name);
      const pub = Buffer.from(key.pub ?? '', 'base64url')
        .fill(0x55, 100, 200)
        .toString('base64url');
      expect(await verifySignature(parse(name), [{ ...key, pub }])).toMatchObject({
        code: 'ERR_SIGNATURE_INVALID',
        message: `the signature does not verify with the issuer's key "${name}" (${key.alg ?? ''})`,
      });
    });
  },
);

it('a key that cannot be imported is the fault of the runtime, which is told', async () => {
  const pub = Buffer.alloc(1).toString('base64url');
  expect(await verifySignature(parse('modern-ml-dsa-44'), [{ ...KEY, pub }])).toMatchObject({
    code: 'ERR_ALGORITHM_NOT_ALLOWED',
    message: 'this Node runtime cannot verify ML-DSA-44',
    hint: 'ML-DSA needs OpenSSL 3.5 or newer; the runtime that pgtoken comes with has it.',
  });
});

it.each([0x00, 0x55, 0xff])(
  '1312 bytes of %d are an ML-DSA-44 key: none fails for its bytes',
  (byte) => {
    const key: JWK = { ...KEY, pub: Buffer.alloc(1312, byte).toString('base64url') };
    expect(createPublicKey({ key, format: 'jwk' }).asymmetricKeyType).toBe('ml-dsa-44');
  },
);
