// From one JWK (RFC 7517 section 4) to a key that may verify a signature, or to the reason why it may not.
//
// Members that are null count as not there, as do lists without a member: serialisers write them for what a key does not
// have. A private or a symmetric key is one that has the value.
import type { JWK } from 'jose';
import { MAX_RSA_BITS, MIN_RSA_BITS } from '../../values/algorithms.ts';
import { isJSONObject, type JSONObject } from '../../parse-json-object.ts';
import { quote } from '../../quote.ts';
import { algorithmsOf, CURVE_ALGORITHMS } from './algorithms-of.ts';

/** A key, or why it is not used: the rest of a sentence whose subject is the key. */
export type ParsedKey = { readonly jwk: JWK } | { readonly reason: string };

/** Why a private key is not used. Whoever publishes one has lost it. */
export const IS_PRIVATE = 'is a private key; expected public keys only';

/** An RSA modulus of 8192 bits has 1366 characters. */
const MAX_MEMBER_LENGTH = 1400;
/** The size of an ML-DSA public key in bytes (FIPS 204 section 4), by its `alg`. */
const ML_DSA_KEY_BYTES: ReadonlyMap<string, number> = new Map([
  ['ML-DSA-44', 1312],
  ['ML-DSA-65', 1952],
  ['ML-DSA-87', 2592],
]);
/** The largest of them has 3456 characters. */
const MAX_PUB_LENGTH = 3500;

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'];

/**
 * Takes a key over, and of it only the members that its kind has, so that nothing else in a document can reach the
 * verifier.
 *
 * Checks what a key claims to be, not whether its point lies on its curve: that is found when it is imported.
 */
export function parseKey(member: unknown): ParsedKey {
  if (!isJSONObject(member)) {
    return { reason: 'is not a JSON object' };
  }
  const key = withoutNulls(member);
  const kty = textOf(key, 'kty');
  if (kty === 'oct' || hasValue(key, 'k')) {
    return { reason: 'is a symmetric key; expected public keys only' };
  }
  if (PRIVATE_MEMBERS.some((name) => hasValue(key, name))) {
    return { reason: IS_PRIVATE };
  }
  const { use, key_ops: operations } = key;
  if (use !== undefined && use !== 'sig') {
    return { reason: `has use ${quote(use)}; expected "sig"` };
  }
  if (
    operations !== undefined &&
    !(
      Array.isArray(operations) &&
      (operations.length === 0 || (operations as unknown[]).includes('verify'))
    )
  ) {
    return { reason: `has key_ops ${quote(operations)}; expected "verify" among them` };
  }
  const kid = textOf(key, 'kid');
  const alg = textOf(key, 'alg');
  if ((key['kid'] !== undefined && kid === undefined) || (key['alg'] !== undefined && !alg)) {
    return { reason: 'has a kid or alg that is no text' };
  }
  const names = { ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }) };
  const jwk = parseMaterial(kty, key, names);
  if (typeof jwk === 'string') {
    return { reason: jwk };
  }
  return algorithmsOf(jwk).length === 0
    ? {
        reason: `has alg ${quote(alg)}, which does not fit its kty ${quote(kty)} or is not supported`,
      }
    : { jwk };
}

/** A key by the name that a token would call it by; undefined where it has none that a token could have. */
export function keyIDOf(member: unknown): string | undefined {
  return isJSONObject(member) ? textOf(member, 'kid') : undefined;
}

function withoutNulls(member: JSONObject): JSONObject {
  return Object.fromEntries(Object.entries(member).filter(([, value]) => value !== null));
}

function hasValue(key: JSONObject, name: string): boolean {
  const value = Object.hasOwn(key, name) ? key[name] : undefined;
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

function textOf(key: JSONObject, name: string, maxLength = MAX_MEMBER_LENGTH): string | undefined {
  const value = Object.hasOwn(key, name) ? key[name] : undefined;
  return typeof value === 'string' && value !== '' && value.length <= maxLength ? value : undefined;
}

function parseMaterial(
  kty: string | undefined,
  key: JSONObject,
  names: { readonly kid?: string; readonly alg?: string },
): JWK | string {
  switch (kty) {
    case 'RSA':
      return parseRSA(textOf(key, 'n'), textOf(key, 'e'), names);
    case 'EC': {
      const [crv, x, y] = [textOf(key, 'crv'), textOf(key, 'x'), textOf(key, 'y')];
      if (crv === undefined || !CURVE_ALGORITHMS.has(crv)) {
        return `is on curve ${quote(crv)}; expected one of ${[...CURVE_ALGORITHMS.keys()].join(', ')}`;
      }
      return x === undefined || y === undefined
        ? 'is an EC key without x or y'
        : { kty, crv, x, y, ...names };
    }
    case 'OKP': {
      const [crv, x] = [textOf(key, 'crv'), textOf(key, 'x')];
      if (crv !== 'Ed25519') {
        return `is on curve ${quote(crv)}; expected Ed25519`;
      }
      return x === undefined ? 'is an OKP key without x' : { kty, crv, x, ...names };
    }
    case 'AKP': {
      const expected = ML_DSA_KEY_BYTES.get(names.alg ?? '');
      if (expected === undefined) {
        return `is an AKP key of alg ${quote(names.alg)}; expected one of ${[...ML_DSA_KEY_BYTES.keys()].join(', ')}`;
      }
      const pub = textOf(key, 'pub', MAX_PUB_LENGTH);
      const bytes = Buffer.from(pub ?? '', 'base64url').length;
      return pub === undefined || bytes !== expected
        ? `is an AKP key whose pub has ${bytes} bytes; expected ${expected}, as ${names.alg} has`
        : { kty, pub, ...names };
    }
    default:
      return `has kty ${quote(kty)}; expected RSA, EC, OKP or AKP`;
  }
}

function parseRSA(
  n: string | undefined,
  e: string | undefined,
  names: { readonly kid?: string; readonly alg?: string },
): JWK | string {
  if (n === undefined || e === undefined) {
    return 'is an RSA key without n or e';
  }
  const bits = bitLength(n);
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    return `is an RSA key of ${bits} bits; expected ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`;
  }
  const exponentBits = bitLength(e);
  return exponentBits < 2 || exponentBits > 32 || !isOdd(e)
    ? 'is an RSA key whose public exponent is not an odd number from 3 to 2^32'
    : { kty: 'RSA', n, e, ...names };
}

function bitLength(base64url: string): number {
  const bytes = Buffer.from(base64url, 'base64url');
  const start = bytes.findIndex((byte) => byte !== 0);
  return start === -1 ? 0 : (bytes.length - start) * 8 - Math.clz32(bytes[start] ?? 0) + 24;
}

function isOdd(base64url: string): boolean {
  return ((Buffer.from(base64url, 'base64url').at(-1) ?? 0) & 1) === 1;
}
