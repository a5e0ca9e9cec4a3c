// From a JWKS document (RFC 7517) to the keys that may verify a signature.
//
// What comes from an issuer is used as far as it is sound: keys of a kind we do not know are left out, as an issuer may
// publish them for others; keys that should not have been published are left out too. A pinned file is held to more: there
// every key that would be left out is a problem.
import type { JWK } from 'jose';
import { type Algorithm, SUPPORTED_ALGORITHMS } from '../config/algorithms.ts';
import { isJSONObject, type JSONObject } from '../parse-json-object.ts';
import { quote } from '../quote.ts';

/** A set of public signature keys, each fit for at least one supported algorithm. */
export interface KeySet {
  readonly keys: readonly JWK[];
}

/** A key that is not used, and why. */
export interface RejectedKey {
  readonly index: number;
  readonly reason: string;
}

/** The usable keys of a document. */
export interface ParsedKeySet {
  readonly keySet: KeySet;
  readonly rejected: readonly RejectedKey[];
}

/** More keys than this in one document are refused. */
const MAX_KEYS = 200;
/** The most JSON values of a document that holds keys or leads to them: as many as 200 keys can have, and room. */
export const MAX_DOCUMENT_VALUES = 5000;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
/** An RSA modulus of 8192 bits has 1366 characters. */
const MAX_MEMBER_LENGTH = 1400;

/**
 * Picks the usable keys of a JWKS document.
 *
 * Checks what a key claims to be, not whether its point lies on its curve: that is found when it is imported.
 *
 * @returns the keys and what was left out, or the reason why it is no JWKS, in a few words.
 */
export function parseKeySet(document: JSONObject): ParsedKeySet | string {
  const list = document['keys'];
  if (!Array.isArray(list)) {
    return 'it has no list of keys; expected a JWKS: {"keys": [...]}';
  }
  if (list.length > MAX_KEYS) {
    return `it has ${list.length} keys; expected at most ${MAX_KEYS}`;
  }
  const keys: JWK[] = [];
  const rejected: RejectedKey[] = [];
  for (const [index, member] of (list as unknown[]).entries()) {
    const key = parseKey(member);
    if ('reason' in key) {
      rejected.push({ index, ...key });
    } else {
      keys.push(key.jwk);
    }
  }
  return { keySet: { keys }, rejected };
}

/** The algorithms that a key is fit for, by its kind, its curve and its own `alg`. */
export function algorithmsOf(jwk: JWK): readonly Algorithm[] {
  const byKind = SUPPORTED_ALGORITHMS.filter((algorithm) => {
    switch (jwk.kty) {
      case 'RSA':
        return algorithm.startsWith('RS') || algorithm.startsWith('PS');
      case 'EC':
        return algorithm === CURVE_ALGORITHMS.get(jwk.crv ?? '');
      default:
        return algorithm === 'EdDSA';
    }
  });
  return jwk.alg === undefined
    ? byKind
    : byKind.filter(
        (algorithm) => algorithm === jwk.alg || (algorithm === 'EdDSA' && jwk.alg === 'Ed25519'),
      );
}

const CURVE_ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
]);

function unusable(reason: string): Omit<RejectedKey, 'index'> {
  return { reason };
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

function parseKey(member: unknown): { readonly jwk: JWK } | Omit<RejectedKey, 'index'> {
  if (!isJSONObject(member)) {
    return unusable('not a JSON object');
  }
  const key = member;
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(key, name) ? key[name] : undefined;
    return typeof value === 'string' && value !== '' && value.length <= MAX_MEMBER_LENGTH
      ? value
      : undefined;
  };
  const kty = text('kty');
  if (kty === 'oct' || Object.hasOwn(key, 'k')) {
    return unusable('a symmetric key; expected public keys only');
  }
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(key, name))) {
    return unusable('a private key; expected public keys only');
  }
  if (Object.hasOwn(key, 'use') && key['use'] !== 'sig') {
    return unusable(`use is ${quote(key['use'])}; expected "sig"`);
  }
  const operations = key['key_ops'];
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return unusable('key_ops does not include "verify"');
  }
  const kid = text('kid');
  const alg = text('alg');
  if (
    (Object.hasOwn(key, 'kid') && kid === undefined) ||
    (Object.hasOwn(key, 'alg') && alg === undefined)
  ) {
    return unusable('kid or alg is no text');
  }
  const names = { ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }) };
  const jwk = parseMaterial(kty, text, names);
  if (typeof jwk === 'string') {
    return unusable(jwk);
  }
  if (algorithmsOf(jwk).length === 0) {
    return unusable(
      `its alg ${quote(alg)} does not fit its kty ${quote(kty)}, or is not supported`,
    );
  }
  return { jwk };
}

/** Takes over only the members that the kind of key has, so that nothing else in the document can reach the verifier. */
function parseMaterial(
  kty: string | undefined,
  text: (name: string) => string | undefined,
  names: { readonly kid?: string; readonly alg?: string },
): JWK | string {
  switch (kty) {
    case 'RSA': {
      const n = text('n');
      const e = text('e');
      if (n === undefined || e === undefined) {
        return 'an RSA key without n or e';
      }
      const bits = bitLength(n);
      if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
        return `an RSA key of ${bits} bits; expected ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`;
      }
      const exponentBits = bitLength(e);
      if (exponentBits < 2 || exponentBits > 32 || !isOdd(e)) {
        return 'an RSA key whose public exponent is not an odd number from 3 to 2^32';
      }
      return { kty, n, e, ...names };
    }
    case 'EC': {
      const crv = text('crv');
      const x = text('x');
      const y = text('y');
      if (crv === undefined || !CURVE_ALGORITHMS.has(crv)) {
        return `curve ${quote(crv)}; expected one of ${[...CURVE_ALGORITHMS.keys()].join(', ')}`;
      }
      return x === undefined || y === undefined
        ? 'an EC key without x or y'
        : { kty, crv, x, y, ...names };
    }
    case 'OKP': {
      const crv = text('crv');
      const x = text('x');
      if (crv !== 'Ed25519') {
        return `curve ${quote(crv)}; expected Ed25519`;
      }
      return x === undefined ? 'an OKP key without x' : { kty, crv, x, ...names };
    }
    default:
      return `kty ${quote(kty)}; expected RSA, EC or OKP`;
  }
}

function bitLength(base64url: string): number {
  const bytes = Buffer.from(base64url, 'base64url');
  const start = bytes.findIndex((byte) => byte !== 0);
  return start === -1 ? 0 : (bytes.length - start) * 8 - Math.clz32(bytes[start] ?? 0) + 24;
}

function isOdd(base64url: string): boolean {
  return ((Buffer.from(base64url, 'base64url').at(-1) ?? 0) & 1) === 1;
}
