// ML-DSA signatures, and a runtime that has none.
import { expect, it } from 'vitest';

import { isRefusal } from '../../src/errors.ts';
import { parseToken, type ParsedToken } from '../../src/verify/parse-token.ts';
import { verifyMLDSA } from '../../src/verify/verify-ml-dsa.ts';
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

it('an ML-DSA signature is verified by the key that made it and by no other', async () => {
  const token = parse('modern-ml-dsa-44');
  expect(await verifyMLDSA(token, KEY)).toBe(true);
  expect(await verifyMLDSA(token, OTHER)).toBe(false);
  expect(await verifySignature(token, [OTHER, KEY])).toBe(KEY);
  expect(await verifySignature(token, [OTHER])).toMatchObject({ code: 'ERR_SIGNATURE_INVALID' });
});

it('an ML-DSA signature is refused where the runtime cannot verify it, and it says so', async () => {
  const refused = await verifyMLDSA(parse('modern-ml-dsa-44'), KEY, () => undefined);
  expect(refused).toMatchObject({
    code: 'ERR_ALGORITHM_NOT_ALLOWED',
    message: 'this Node runtime cannot verify ML-DSA-44',
    hint: 'ML-DSA needs OpenSSL 3.5 or newer; the runtime that pgtoken comes with has it.',
  });
});

it('any bytes of the right length are an ML-DSA key, so that an import that fails is the fault of the runtime', async () => {
  const token = parse('modern-ml-dsa-44');
  for (const byte of [0x00, 0x55, 0xff]) {
    const pub = Buffer.alloc(1312, byte).toString('base64url');
    expect(await verifyMLDSA(token, { ...KEY, pub })).toBe(false);
  }
});
