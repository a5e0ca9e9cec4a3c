// The first step of a decision: is this password a JWT in one piece? Nothing here is trusted yet; the result serves to
// find the candidates and to be verified.
//
// A token is written in JWS Compact Serialization (RFC 7515 section 7.1): three parts in base64url, the first two JSON
// objects. What was cut on its way is told apart from what was never right, because the cure is another.
import {
  type Algorithm,
  isAlgorithm,
  SIGNATURE_BYTES,
  SUPPORTED_ALGORITHMS,
} from '../values/algorithms.ts';
import type { Claims } from '../claims/claim.ts';
import { isRefusal, refuse, type Refusal } from '../errors.ts';
import { type JSONObject, parseJSONObject } from '../parse-json-object.ts';
import { quote } from '../quote.ts';
import { notAToken, notATokenAfterAll, startsLikeToken } from './not-a-token.ts';
import { truncated, withoutItsStart } from './truncated.ts';

/** RFC 8032 section 5.2.6. The header calls it EdDSA as well, and some libraries generate such a key when no curve is named. */
const ED448_SIGNATURE_BYTES = 114;
const NOT_ED448 =
  'This is the length of an Ed448 signature, which is not accepted: have the issuer sign with a key on curve Ed25519.';

/** A token in one piece, unverified. */
export interface ParsedToken {
  /** The token as it came; needed to verify it, never shown. */
  readonly text: string;
  readonly algorithm: Algorithm;
  /** The `kid` header, when there is one. */
  readonly keyID: string | undefined;
  /** The `typ` header, when there is one. */
  readonly type: string | undefined;
  readonly claims: Claims;
  /** Length of the decoded signature in bytes. By an RSA key that is too small to be used it is less than any that is. */
  readonly signatureBytes: number;
}

/** The longest password that any program on the way hands over, in bytes; see docs/understand/protocol.md. */
export const MAX_TOKEN_BYTES = 65_535;

/** By an RSA key of 512 bits, in bytes: anything shorter was cut. */
const SHORTEST_RSA_SIGNATURE = 64;

/**
 * Parses a password as a JWT.
 *
 * Checks its form: length, parts, base64url without padding or stray bits, JSON without duplicate members, a supported
 * `alg`, no `crit`, and a signature that is not too short for its algorithm. An RSA signature that may be that of a key
 * too small to be used passes: whether it is or was cut, the issuer's keys tell. Does not check the signature, `typ` or any
 * claim, and ignores every header that offers a key (`jku`, `jwk`, `x5u`, `x5c`).
 *
 * @param maxBytes the longest token that is looked at.
 */
export function parseToken(password: string, maxBytes: number): ParsedToken | Refusal {
  const bytes = Buffer.byteLength(password);
  if (bytes > maxBytes) {
    return refuse(
      'ERR_TOKEN_TOO_LARGE',
      `the password has ${bytes} bytes; expected a token of at most ${maxBytes}`,
      'If this is a real token, raise token.maxBytes of its issuer.',
    );
  }
  if (!startsLikeToken(password)) return withoutItsStart(password) ?? notAToken(password);
  const stray = /[^A-Za-z0-9_.-]/.exec(password);
  if (stray !== null) {
    const last = stray.index === password.trimEnd().length;
    return refuse(
      'ERR_TOKEN_MALFORMED',
      last
        ? 'the token ends in white space'
        : `byte ${Buffer.byteLength(password.slice(0, stray.index))} of the token is none of base64url`,
      last
        ? 'Take the line break off the end of the token.'
        : quoteHint(password.slice(stray.index)),
    );
  }
  const [header = '', payload, signature, ...more] = password.split('.');
  if (more.length > 0) {
    return refuse(
      'ERR_TOKEN_MALFORMED',
      `the token has ${more.length + 3} parts; expected 3 (header, claims, signature)`,
      more.length === 2 ? 'Encrypted tokens (JWE) are not accepted.' : undefined,
    );
  }
  if (payload === undefined && !isText(header)) return notATokenAfterAll();
  if (payload === undefined || signature === undefined) {
    return truncated(bytes, `it ends in its ${payload === undefined ? 'header' : 'claims'}`);
  }

  const joseHeader = parsePart(header, 'header');
  if (isRefusal(joseHeader)) {
    return joseHeader;
  }
  const claims = parsePart(payload, 'claims');
  if (isRefusal(claims)) {
    return claims;
  }
  const { alg, kid, typ } = joseHeader;
  if (!isAlgorithm(alg)) {
    return refuse(
      'ERR_ALGORITHM_NOT_ALLOWED',
      `the token is signed with alg ${quote(alg)}; expected one of ${SUPPORTED_ALGORITHMS.join(', ')}`,
      'Only signatures by a public key are accepted, never "none" or HMAC (HS*).',
    );
  }
  if (Object.hasOwn(joseHeader, 'crit')) {
    return refuse(
      'ERR_TOKEN_MALFORMED',
      'the header has crit, which demands an extension (RFC 7515 section 4.1.11); expected none',
    );
  }
  if (kid !== undefined && typeof kid !== 'string') {
    return refuse('ERR_TOKEN_MALFORMED', 'the header kid is no string');
  }
  if (typ !== undefined && typeof typ !== 'string') {
    return refuse('ERR_TOKEN_MALFORMED', 'the header typ is no string');
  }
  const signatureBytes = Math.floor((signature.length * 3) / 4);
  const { least, fixed } = SIGNATURE_BYTES[alg];
  const mayBeWhole = signatureBytes >= (fixed ? least : SHORTEST_RSA_SIGNATURE);
  if (signatureBytes < least && !(mayBeWhole && isCanonicalBase64URL(signature))) {
    return truncated(
      bytes,
      `its ${alg} signature has ${signatureBytes} of ${fixed ? '' : 'at least '}${least} bytes`,
    );
  }
  if (fixed && signatureBytes !== least) {
    return refuse(
      'ERR_TOKEN_MALFORMED',
      `the ${alg} signature has ${signatureBytes} bytes; expected ${least}`,
      alg === 'EdDSA' && signatureBytes === ED448_SIGNATURE_BYTES ? NOT_ED448 : undefined,
    );
  }
  if (!isCanonicalBase64URL(signature)) {
    // RSA keys of over 2048 bits have sizes in steps of 512 bits: what ends between two of them was cut.
    return signatureBytes % 64 === 0
      ? refuse('ERR_TOKEN_MALFORMED', 'the signature is no valid base64url')
      : truncated(bytes, `its ${alg} signature ends in the middle of a byte`);
  }
  return { text: password, algorithm: alg, keyID: kid, type: typ, claims, signatureBytes };
}

/** Advice where all that is too much is a quote at the end. */
function quoteHint(rest: string): string | undefined {
  return /^["'`]\s*$/.test(rest) ? 'Take the quotes off the token.' : undefined;
}

/** Whether a header that may have been cut is text: a password that only starts like a token seldom is. */
function isText(header: string): boolean {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    // A stream may end in the middle of a character.
    decoder.decode(Buffer.from(header, 'base64url'), { stream: true });
    return true;
  } catch {
    return false;
  }
}

function parsePart(part: string, name: string): JSONObject | Refusal {
  if (!isCanonicalBase64URL(part)) {
    return refuse('ERR_TOKEN_MALFORMED', `the ${name} of the token is no valid base64url`);
  }
  const value = parseJSONObject(Buffer.from(part, 'base64url'));
  return typeof value === 'string'
    ? refuse('ERR_TOKEN_MALFORMED', `the ${name} of the token cannot be read: ${value}`)
    : value;
}

/** Whether text of base64url's own characters is as RFC 7515 section 2 has it: no bits that decoding would drop. */
function isCanonicalBase64URL(text: string): boolean {
  const last = ALPHABET.indexOf(text.charAt(text.length - 1));
  // Four characters have three bytes; two have one byte and four bits more, three have two bytes and two bits more.
  switch (text.length % 4) {
    case 0:
      return true;
    case 2:
      return (last & 0b1111) === 0;
    case 3:
      return (last & 0b11) === 0;
    default:
      return false;
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
