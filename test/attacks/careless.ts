// Verifiers that leave out one check each, to show that the forgeries of the corpus are forgeries: these let them pass.
import { createHash } from 'node:crypto';

import type { JWK } from 'jose';

import { digestInfo, toBytes, toNumber } from '../vectors/attacks/forge.ts';

const bytesOf = (text = ''): Buffer => Buffer.from(text, 'base64url');

/** PKCS #1 v1.5 that stops looking behind the hash, and takes keys of any exponent. */
export function verifiesRSACarelessly(jwk: JWK, text: string, signature: Uint8Array): boolean {
  const [n, e] = [toNumber(bytesOf(jwk.n)), toNumber(bytesOf(jwk.e))];
  const block = toBytes(power(toNumber(signature), e, n), signature.length);
  const start = block.indexOf(0, 2) + 1;
  const content = digestInfo('sha256', text);
  return (
    block[0] === 0 &&
    block[1] === 1 &&
    block.subarray(2, start - 1).every((byte) => byte === 0xff) &&
    block.subarray(start, start + content.length).equals(content)
  );
}

// Ed25519 (RFC 8032 section 5.1), points as (x/z, y/z) with numbers modulo P.
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
const D = modulo(-121_665n * invert(121_666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n, P);

interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

const BASE: Point = decode(toBytes(modulo(4n * invert(5n)), 32).toReversed())!;

/** Ed25519 that does not ask for the order of a point, nor for its one right encoding. */
export function verifiesEdDSACarelessly(jwk: JWK, text: string, signature: Uint8Array): boolean {
  const [keyBytes, nonceBytes] = [bytesOf(jwk.x), signature.subarray(0, 32)];
  const [key, nonce] = [decode(keyBytes), decode(nonceBytes)];
  if (key === undefined || nonce === undefined) return false;
  const hash = createHash('sha512').update(nonceBytes).update(keyBytes).update(text).digest();
  const challenge = toNumber(hash.toReversed()) % L;
  const left = multiply(toNumber(signature.subarray(32).toReversed()), BASE);
  const right = add(nonce, multiply(challenge, key));
  return (
    modulo(left.x * right.z - right.x * left.z) === 0n &&
    modulo(left.y * right.z - right.y * left.z) === 0n
  );
}

function decode(bytes: Uint8Array): Point | undefined {
  const number = toNumber(bytes.toReversed());
  const y = modulo(number & (2n ** 255n - 1n));
  const square = modulo((y * y - 1n) * invert(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n, P);
  if (modulo(x * x - square) !== 0n) x = modulo(x * ROOT_OF_MINUS_ONE);
  if (modulo(x * x - square) !== 0n) return undefined;
  return { x: (x & 1n) === number >> 255n ? x : modulo(-x), y, z: 1n };
}

function add(a: Point, b: Point): Point {
  const z = modulo(a.z * b.z);
  const [x, y] = [modulo(a.x * b.x), modulo(a.y * b.y)];
  const [square, product] = [modulo(z * z), modulo(D * x * y)];
  const [less, more] = [square - product, square + product];
  return {
    x: modulo(z * less * ((a.x + a.y) * (b.x + b.y) - x - y)),
    y: modulo(z * more * (y + x)),
    z: modulo(less * more),
  };
}

function multiply(factor: bigint, point: Point): Point {
  let result: Point = { x: 0n, y: 1n, z: 1n };
  let summand = point;
  for (let rest = factor; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = add(result, summand);
    summand = add(summand, summand);
  }
  return result;
}

function modulo(number: bigint): bigint {
  return ((number % P) + P) % P;
}

function invert(number: bigint): bigint {
  return power(modulo(number), P - 2n, P);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let factor = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}
