// Makes tokens for the vectors, also such as no honest issuer would make. What is random by nature (ECDSA, PSS and
// ML-DSA signatures) is remembered in keys/signatures.json, so that the same recipe gives the same token for ever.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { JWK } from 'jose';
import * as z from 'zod/mini';

import { SIGNATURES, type SigningAlgorithm } from '../../support/signatures.ts';

/** 2026-01-01T00:00:00Z: the clock of the vectors. */
export const NOW = 1_767_225_600;

export const PRIVATE_KEY_FILE = join(import.meta.dirname, 'keys', 'private-test-keys.json');
export const SIGNATURE_FILE = join(import.meta.dirname, 'keys', 'signatures.json');

/** How to make a token; without options it is one that policy `cluster` grants to foo:myservice. */
export interface TokenOptions {
  /** The name of a private test key. */
  readonly key?: string;
  /** What the signature is made with; default: the key's own algorithm. */
  readonly algorithm?: SigningAlgorithm;
  /** Header members over the defaults; undefined removes one. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Claims over the defaults; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The text of the header, when it is not what JSON.stringify would make. */
  readonly headerText?: string | Uint8Array;
  /** The text of the claims, likewise. */
  readonly claimsText?: string | Uint8Array;
  /** The claims as they stand in the token, when they are not base64url of their text. */
  readonly claimsPart?: string;
  /** What is signed, when it is not the first two parts. */
  readonly signedText?: string;
  /** The context of an ML-DSA signature (FIPS 204 section 5.2). JWS has none. */
  readonly context?: string;
  /** Makes another signature of the true one and the text it signs: its bytes, or how it stands in the token. */
  readonly signature?: (signature: Buffer, text: string) => Uint8Array | string;
  /** Pads header and claims until the token has exactly this many bytes. */
  readonly bytes?: number;
}

export interface Mint {
  readonly token: (options?: TokenOptions) => string;
  readonly publicKey: (name: string) => JWK;
  /** The private key itself, for signatures that no honest program makes. */
  readonly privateKey: (name: string) => KeyObject;
  readonly defaultHeader: (key?: string) => Record<string, unknown>;
  readonly defaultClaims: () => Record<string, unknown>;
  /** The remembered signatures that were used, and new ones. */
  readonly signatures: () => Readonly<Record<string, string>>;
}

const text = z.exactOptional(z.string());
const privateJWK = z.strictObject({
  kty: z.string(),
  kid: text,
  alg: z.exactOptional(
    z.custom<SigningAlgorithm>((name: PropertyKey) => Object.hasOwn(SIGNATURES, name)),
  ),
  crv: text,
  x: text,
  y: text,
  n: text,
  e: text,
  d: text,
  p: text,
  q: text,
  dp: text,
  dq: text,
  qi: text,
  pub: text,
  priv: text,
});

/** Reads the private test keys of a file, by their names. */
export async function loadPrivateKeys(file = PRIVATE_KEY_FILE) {
  return z.record(z.string(), privateJWK).parse(JSON.parse(await readFile(file, 'utf8')));
}

/**
 * @param signatureFile where signatures are remembered.
 * @param moreKeys a file of private keys beside those of this folder.
 */
export async function createMint(signatureFile = SIGNATURE_FILE, moreKeys?: string): Promise<Mint> {
  const keys = {
    ...(await loadPrivateKeys()),
    ...(moreKeys === undefined ? {} : await loadPrivateKeys(moreKeys)),
  };
  const remembered = z
    .record(z.string(), z.string())
    .parse(JSON.parse(await readFile(signatureFile, 'utf8')));
  const used: Record<string, string> = {};

  const find = (name: string): (typeof keys)[string] => {
    const key = keys[name];
    if (key === undefined) throw new Error(`no private test key ${name}`);
    return key;
  };
  const publicKey = (name: string) => {
    const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, priv: _priv, ...rest } = find(name);
    return rest;
  };
  const privateKey = (name: string): KeyObject =>
    createPrivateKey({ key: find(name), format: 'jwk' });
  const algorithmOf = (name: string): SigningAlgorithm => find(name).alg ?? 'RS256';

  const signText = (
    signed: string,
    name: string,
    algorithm: SigningAlgorithm,
    context?: string,
  ): Buffer => {
    const { hash } = SIGNATURES[algorithm];
    const options = {
      ...SIGNATURES[algorithm].options,
      ...(context === undefined ? {} : { context: Buffer.from(context) }),
    };
    const data = Buffer.from(signed);
    const id = createHash('sha256')
      .update(`${name} ${algorithm} ${context ?? ''}`)
      .update(data)
      .digest('hex');
    const known = used[id] ?? remembered[id];
    if (known !== undefined) {
      const key = createPublicKey({ key: publicKey(name), format: 'jwk' });
      const signature = Buffer.from(known, 'base64url');
      if (verify(hash, data, { key, ...options }, signature)) {
        used[id] = known;
        return signature;
      }
    }
    const signature = sign(hash, data, { key: privateKey(name), ...options });
    if (!/^RS|^EdDSA|^Ed25519/.test(algorithm)) used[id] = signature.toString('base64url');
    return signature;
  };

  const defaultHeader = (key = 'cluster-rs256'): Record<string, unknown> => ({
    alg: algorithmOf(key),
    kid: find(key).kid,
    typ: 'JWT',
  });
  const partsOf = (options: TokenOptions, headerPad?: string, claimsPad?: string): string => {
    const header = { ...defaultHeader(options.key), ...options.header, pad: headerPad };
    const claims = { ...defaultClaims(), ...options.claims, pad: claimsPad };
    return [
      encode(options.headerText ?? JSON.stringify(header)),
      options.claimsPart ?? encode(options.claimsText ?? JSON.stringify(claims)),
    ].join('.');
  };
  const complete = (parts: string, options: TokenOptions): string => {
    const key = options.key ?? 'cluster-rs256';
    const signed = options.signedText ?? parts;
    const { algorithm = algorithmOf(key), context } = options;
    const signature = signText(signed, key, algorithm, context);
    const shown = options.signature?.(signature, signed) ?? signature;
    return `${parts}.${typeof shown === 'string' ? shown : encode(shown)}`;
  };
  const token = (options: TokenOptions = {}): string => {
    const parts = partsOf(options);
    const plain = complete(parts, options);
    if (options.bytes === undefined) return plain;
    // Neither part alone can have every length, but both together can.
    const wanted = options.bytes - (plain.length - parts.length);
    const about = Math.max(1, Math.floor(((wanted - parts.length) * 3) / 4) - 32);
    for (const headerPad of [undefined, 'x', 'xx', 'xxx']) {
      for (let length = about; length < about + 32; length += 1) {
        const padded = partsOf(options, headerPad, 'x'.repeat(length));
        if (padded.length === wanted) return complete(padded, options);
      }
    }
    throw new Error(`a token of ${options.bytes} bytes cannot be made`);
  };

  return { token, publicKey, privateKey, defaultHeader, defaultClaims, signatures: () => used };
}

function defaultClaims(): Record<string, unknown> {
  return {
    iss: 'https://k8s.example.com',
    aud: ['postgres'],
    sub: 'system:serviceaccount:foo:myservice',
    iat: NOW - 60,
    nbf: NOW - 60,
    exp: NOW + 540,
    jti: '4c0e2c2a-5ad6-4bd5-9e2e-5d0a4dfd1a8e',
  };
}

/** Base64url of bytes, or of text as UTF-8. */
export function encode(content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
  return bytes.toString('base64url');
}
