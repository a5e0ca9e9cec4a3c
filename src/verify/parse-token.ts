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
} from '../config/algorithms.ts';
import type { Claims } from '../config/claim.ts';
import { isRefusal, refuse, type Refusal } from '../errors.ts';
import { type JSONObject, parseJSONObject } from '../parse-json-object.ts';
import { quote } from '../quote.ts';

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
  /** Length of the decoded signature in bytes. */
  readonly signatureBytes: number;
}

/** The longest password that any program on the way hands over, in bytes; see docs/protocol.md. */
export const MAX_TOKEN_BYTES = 65_535;

/**
 * Parses a password as a JWT.
 *
 * Checks its form: length, parts, base64url without padding or stray bits, JSON without duplicate members, a supported
 * `alg`, no `crit`, and a signature that is not too short for its algorithm. Does not check the signature, `typ` or any
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
  if (!LOOKS_LIKE_TOKEN.test(password)) {
    return notAToken(
      password === ''
        ? 'the password is empty; expected a token (JWT)'
        : 'the password is no token; expected a JWT, three parts in base64url that start with "ey"',
    );
  }
  const stray = /[^A-Za-z0-9_.-]/.exec(password);
  if (stray !== null) {
    const last = stray.index === password.trimEnd().length;
    return refuse(
      'ERR_TOKEN_MALFORMED',
      last
        ? 'the token ends in white space'
        : `byte ${Buffer.byteLength(password.slice(0, stray.index))} of the token is none of base64url`,
      last ? 'Take the line break off the end of the token.' : undefined,
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
  if (payload === undefined && !isText(header)) {
    return notAToken('the password is no token; expected a JWT, three parts in base64url');
  }
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
  if (signatureBytes < least) {
    return truncated(
      bytes,
      `its ${alg} signature has ${signatureBytes} of ${fixed ? '' : 'at least '}${least} bytes`,
    );
  }
  if (fixed && signatureBytes !== least) {
    return refuse(
      'ERR_TOKEN_MALFORMED',
      `the ${alg} signature has ${signatureBytes} bytes; expected ${least}`,
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

/**
 * A token that was cut, with the likely culprit where its length names one.
 *
 * @param bytes length of what arrived.
 * @param evidence how one can tell.
 */
export function truncated(bytes: number, evidence: string): Refusal {
  const culprit = CULPRITS.get(bytes);
  return refuse(
    'ERR_TOKEN_TRUNCATED',
    `the token was cut to ${bytes} bytes on its way: ${evidence}`,
    culprit ??
      'Look for a length limit between client and server: a driver, a pooler, a shell or a file.',
  );
}

/** Lengths at which programs on the way are known to cut a password. */
const CULPRITS: ReadonlyMap<number, string> = new Map([
  [
    511,
    'Stock pam_exec.so hands over at most 511 bytes: use pam_pgtoken.so in the PAM service file.',
  ],
  [995, 'PgBouncer before 1.17 keeps at most 995 bytes of a password: upgrade the pooler.'],
  [
    1023,
    'A buffer of 1024 bytes, as in Pgpool-II and older clients, cuts passwords here: upgrade or bypass it.',
  ],
  [
    2047,
    'PgBouncer up to 1.25.2 keeps at most 2047 bytes of a password: upgrade it or use shorter tokens.',
  ],
]);

/** A JOSE header is a JSON object: "{" and then a quote, a space, a line break or a tab, in base64url. */
const LOOKS_LIKE_TOKEN = /^e(?:y[IJAB]|w[opkl01])/;

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

function notAToken(message: string): Refusal {
  return refuse(
    'ERR_NOT_A_TOKEN',
    message,
    'Send the token as the password, for example in PGPASSWORD.',
  );
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

/** Whether text is base64url as RFC 7515 section 2 has it: no padding, and no bits that decoding would drop. */
function isCanonicalBase64URL(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}
