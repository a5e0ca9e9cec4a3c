// Controls: what the corpus forges is right but for what makes it an attack, or a careless verifier would take it. Without
// them a mistake in the arithmetic would pass for a refusal.
import { constants, createPublicKey, verify } from 'node:crypto';

import { compactDecrypt, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import weakKeys from '../vectors/attacks/policies/weak-keys.jwks.json' with { type: 'json' };
import lowExponent from '../vectors/attacks/policies/low-exponent.jwks.json' with { type: 'json' };
import smallOrder from '../vectors/attacks/policies/small-order.jwks.json' with { type: 'json' };
import { type Attack, loadAttackFiles } from '../vectors/attacks/attack.ts';
import { digestInfo, pkcs1, pss, rawRSA, scalarOf, signEdDSA } from '../vectors/attacks/forge.ts';
import { createMint } from '../vectors/tokens/mint.ts';
import { verifiesEdDSACarelessly, verifiesRSACarelessly } from './careless.ts';

const TEXT = 'header.claims';
const mint = await createMint();
const files = new Map((await loadAttackFiles()).map(({ name, attacks }) => [name, attacks]));

const header = z.object({ kid: z.string() });

/** Whether a careless verifier takes the token for one by the key of its kid. */
function passes(
  attack: Attack,
  keys: readonly unknown[],
  verifies: (jwk: JWK, text: string, signature: Uint8Array) => boolean,
): boolean {
  const [head = '', claims = '', signature = ''] = attack.password.split('.');
  const { kid } = header.parse(JSON.parse(Buffer.from(head, 'base64url').toString()));
  const jwk = keys.find((key): key is JWK => header.safeParse(key).data?.kid === kid);
  if (jwk === undefined) throw new Error(`no key ${kid}`);
  return verifies(jwk, `${head}.${claims}`, Buffer.from(signature, 'base64url'));
}

function attacksOf(file: string, name: RegExp): Attack[] {
  return (files.get(file) ?? []).filter((attack) => name.test(attack.name));
}

const publicKey = (name: string) => createPublicKey({ key: mint.publicKey(name), format: 'jwk' });

describe('the arithmetic', () => {
  it('makes a true PKCS #1 v1.5 signature of a right padding', () => {
    const block = pkcs1(digestInfo('sha256', TEXT), 256);
    const signature = rawRSA(mint.privateKey('cluster-rs256'), block);
    const key = publicKey('cluster-rs256');
    expect(verify('sha256', Buffer.from(TEXT), key, signature)).toBe(true);
    expect(verifiesRSACarelessly(mint.publicKey('cluster-rs256'), TEXT, signature)).toBe(true);
    expect(verifiesRSACarelessly(mint.publicKey('cluster-rs256'), 'other', signature)).toBe(false);
  });

  it('makes a true PSS signature of a right padding', () => {
    const block = pss(TEXT, 256, { salt: Buffer.alloc(32, 1) });
    const signature = rawRSA(mint.privateKey('cluster-ps256'), block);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const key = { key: publicKey('cluster-ps256'), padding, saltLength: 32 };
    expect(verify('sha256', Buffer.from(TEXT), key, signature)).toBe(true);
  });

  it('encrypts for the issuer what it can decrypt', async () => {
    const [first, second, ...more] = attacksOf('encodings', /truly encrypted/);
    expect(more).toEqual([]);
    const decrypted = async ({ password = '' }: Partial<Attack> = {}) => {
      const { plaintext } = await compactDecrypt(password, mint.privateKey('cluster-rs256'));
      return Buffer.from(plaintext).toString();
    };
    expect(await decrypted(first)).toMatch(/^eyJhbGciOiJub25l[\w-]+\.[\w-]+\.$/);
    expect(await decrypted(second)).toBe(mint.token());
  });

  it('makes a true EdDSA signature with a secret', () => {
    const pairOf = (name: string) => {
      const { d = '', x = '' } = mint.privateKey(name).export({ format: 'jwk' });
      const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
      return { point, scalar: scalarOf(seed) };
    };
    const key = pairOf('cluster-eddsa');
    const signature = signEdDSA(TEXT, key, key);
    expect(verify(null, Buffer.from(TEXT), publicKey('cluster-eddsa'), signature)).toBe(true);
    expect(verifiesEdDSACarelessly(mint.publicKey('cluster-eddsa'), TEXT, signature)).toBe(true);
    expect(verifiesEdDSACarelessly(mint.publicKey('cluster-eddsa'), 'x', signature)).toBe(false);
  });
});

describe('a careless verifier would take', () => {
  it('every signature by a key of small order', () => {
    const forged = attacksOf('eddsa', /^a key of small order/);
    expect(forged).toHaveLength(56);
    const refused = forged.filter((one) => !passes(one, smallOrder.keys, verifiesEdDSACarelessly));
    expect(refused.map(({ name }) => name)).toEqual([]);
  });

  it('the signature that nobody made, by a key with the exponent 1', () => {
    const forged = attacksOf('weak-keys', /^exponent-1$/);
    expect(forged).toHaveLength(1);
    expect(passes(forged[0]!, weakKeys.keys, verifiesRSACarelessly)).toBe(true);
  });

  it('the cube root of a padding with garbage behind', () => {
    const forged = attacksOf('rsa', /^the cube root/);
    expect(forged).toHaveLength(1);
    expect(passes(forged[0]!, lowExponent.keys, verifiesRSACarelessly)).toBe(true);
  });

  it('a true signature with garbage behind the hash', () => {
    const keys = [mint.publicKey('cluster-rs256')];
    const forged = attacksOf('rsa', /^the least padding and/);
    expect(forged).toHaveLength(2);
    expect(forged.every((one) => passes(one, keys, verifiesRSACarelessly))).toBe(true);
  });
});
