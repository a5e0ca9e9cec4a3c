// Signatures that only an attacker would make: right in every step but one, or made without the private key where a
// careless verifier needs none. Plain arithmetic on big numbers; nothing here is fit for anything but attacks.
import {
  constants,
  createCipheriv,
  createHash,
  createPublicKey,
  type KeyObject,
  privateEncrypt,
  publicEncrypt,
  type webcrypto,
} from 'node:crypto';

import { encode } from '../tokens/mint.ts';

type Hash = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

export const digest = (hash: Hash, data: string | Uint8Array): Buffer =>
  createHash(hash).update(data).digest();

/** A number from its bytes, the first one counting most. */
export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}

/** A number as that many bytes, the first one counting most. */
export function toBytes(number: bigint, length: number): Buffer {
  const bytes = Buffer.from(number.toString(16).padStart(length * 2, '0'), 'hex');
  if (bytes.length !== length) throw new Error(`a number of over ${length} bytes`);
  return bytes;
}

// RSA

/** The DER prefix of a DigestInfo with NULL parameters (RFC 8017 section 9.2). */
const DIGEST_INFO: Readonly<Record<Hash, string>> = {
  md5: '3020300c06082a864886f70d020505000410',
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

export const digestInfo = (hash: Hash, text: string): Buffer =>
  Buffer.concat([Buffer.from(DIGEST_INFO[hash], 'hex'), digest(hash, text)]);

/** What PKCS #1 v1.5 signs: 00 01, bytes FF, 00, and then this. */
export function pkcs1(content: Uint8Array, length: number, blockType = 1, filler = 0xff): Buffer {
  const head = Buffer.alloc(length - content.length, filler);
  head[0] = 0;
  head[1] = blockType;
  head[head.length - 1] = 0;
  return Buffer.concat([head, content]);
}

/** What PSS signs (RFC 8017 section 9.1.1), with a given salt and, if need be, another hash for the mask. */
export function pss(
  text: string,
  length: number,
  { hash = 'sha256', mask = hash, salt }: { hash?: Hash; mask?: Hash; salt: Uint8Array },
): Buffer {
  const hashed = digest(hash, Buffer.concat([Buffer.alloc(8), digest(hash, text), salt]));
  const block = Buffer.alloc(length - hashed.length - 1);
  Buffer.from(salt).copy(block, block.length - salt.length);
  block[block.length - salt.length - 1] = 1;
  applyMask(mask, hashed, block);
  block[0]! &= 0x7f; // one bit less than the modulus
  return Buffer.concat([block, hashed, Buffer.of(0xbc)]);
}

/** Masks a block in its place (MGF1, RFC 8017 section B.2.1). */
function applyMask(hash: Hash, seed: Uint8Array, block: Buffer): void {
  const blocks: Buffer[] = [];
  for (let n = 0; Buffer.concat(blocks).length < block.length; n += 1) {
    blocks.push(digest(hash, Buffer.concat([seed, toBytes(BigInt(n), 4)])));
  }
  const stream = Buffer.concat(blocks);
  for (const [at, byte] of block.entries()) block[at] = byte ^ stream[at]!;
}

/** A JWE (RFC 7516) by RSA-OAEP and A128GCM; nothing in it is random, so that it is the same each time. */
export function encryptFor(key: webcrypto.JsonWebKey, header: object, text: string): string {
  const [contentKey, iv, seed] = [Buffer.alloc(16, 1), Buffer.alloc(12, 2), Buffer.alloc(20, 3)];
  const block = Buffer.alloc(Buffer.from(key.n ?? '', 'base64url').length - seed.length - 1);
  digest('sha1', '').copy(block);
  contentKey.copy(block, block.length - contentKey.length);
  block[block.length - contentKey.length - 1] = 1;
  applyMask('sha1', seed, block);
  applyMask('sha1', block, seed);
  const encryptedKey = publicEncrypt(
    { key: createPublicKey({ key, format: 'jwk' }), padding: constants.RSA_NO_PADDING },
    Buffer.concat([Buffer.of(0), seed, block]),
  );
  const head = encode(JSON.stringify(header));
  const cipher = createCipheriv('aes-128-gcm', contentKey, iv).setAAD(Buffer.from(head));
  const encrypted = Buffer.concat([cipher.update(text), cipher.final()]);
  return [
    head,
    ...[encryptedKey, iv, encrypted, cipher.getAuthTag()].map((part) => encode(part)),
  ].join('.');
}

/** The private key operation on exactly these bytes. */
export const rawRSA = (key: KeyObject, block: Uint8Array): Buffer =>
  privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);

/** The smallest number whose cube is not less: for exponent 3 a signature without a key, of a prefix of a block. */
export function cubeRootAbove(target: bigint): bigint {
  let low = 0n;
  let high = 1n << BigInt(Math.ceil(target.toString(2).length / 3) + 1);
  while (low < high) {
    const middle = (low + high) / 2n;
    if (middle ** 3n < target) low = middle + 1n;
    else high = middle;
  }
  return low;
}

// ECDSA

/** The order of each curve's group. */
export const ORDER = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384:
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
} as const;

/** A signature of two numbers, as JWS has it. */
export function joinNumbers(r: bigint, s: bigint, bytes: number): Buffer {
  return Buffer.concat([toBytes(r, bytes / 2), toBytes(s, bytes / 2)]);
}

export function splitNumbers(signature: Uint8Array): { r: bigint; s: bigint } {
  const half = signature.length / 2;
  return { r: toNumber(signature.subarray(0, half)), s: toNumber(signature.subarray(half)) };
}

/** An INTEGER of DER. */
const integer = (number: bigint): Buffer => {
  const hex = number.toString(16);
  const plain = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const bytes = plain[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), plain]) : plain;
  return Buffer.concat([Buffer.of(2, bytes.length), bytes]);
};

/** The same numbers in DER, as X.509 has them. */
export function inDER(signature: Uint8Array): Buffer {
  const { r, s } = splitNumbers(signature);
  const content = Buffer.concat([integer(r), integer(s)]);
  const head = content.length < 0x80 ? [0x30, content.length] : [0x30, 0x81, content.length];
  return Buffer.concat([Buffer.from(head), content]);
}

// Ed25519 (RFC 8032 section 5.1), numbers with their first byte counting least

const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

const littleNumber = (bytes: Uint8Array): bigint => toNumber(bytes.toReversed());
const littleBytes = (number: bigint): Buffer => Buffer.from(toBytes(number, 32).toReversed());

/** The scalar that a private key stands for. */
export function scalarOf(seed: Uint8Array): bigint {
  const bytes = digest('sha512', seed).subarray(0, 32);
  bytes[0]! &= 0xf8;
  bytes[31] = (bytes[31]! & 0x7f) | 0x40;
  return littleNumber(bytes) % L;
}

/** A public key or the first half of a signature, and the secret behind it; points of small order have 0, as it were. */
export interface Pair {
  readonly point: Uint8Array;
  readonly scalar: bigint;
}

/** What the verifier multiplies the key with: a hash of nonce, key and text. */
export function challengeOf(text: string, key: Pair, nonce: Pair): bigint {
  const hashed = digest('sha512', Buffer.concat([nonce.point, key.point, Buffer.from(text)]));
  return littleNumber(hashed) % L;
}

/** A signature by a key, with another pair as its nonce. */
export function signEdDSA(text: string, key: Pair, nonce: Pair): Buffer {
  const s = (nonce.scalar + challengeOf(text, key, nonce) * key.scalar) % L;
  return Buffer.concat([nonce.point, littleBytes(s)]);
}

/** The same signature with the order of the group added to its second half. */
export function addOrder(signature: Uint8Array): Buffer {
  return Buffer.concat([
    signature.subarray(0, 32),
    littleBytes(littleNumber(signature.subarray(32)) + L),
  ]);
}

/** The points of small order, in each way to write them that a decoder might take. */
export const SMALL_ORDER_POINTS: readonly string[] = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  // Not canonical: the sign of zero, and numbers that are not reduced.
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];
