// A token in a client's hands: decoded for its times and its subject, and not verified. Whether it lets anybody in is decided
// on the database host; here it only must not be what could never let anybody in, such as half of one.
import type { Claims } from '../../claims/claim.ts';
import { isRefusal } from '../../errors.ts';
import { SIGNATURE_BYTES } from '../../values/algorithms.ts';
import { MAX_TOKEN_BYTES, parseToken } from '../../verify/parse-token.ts';

/** A token in one piece. Its signature was not checked. */
export interface ClientToken {
  /** The token as it is sent; never shown. */
  readonly text: string;
  readonly claims: Claims;
  /** `exp`, Unix time in seconds. */
  readonly expiresAt: number;
  /** `iat`, Unix time in seconds. */
  readonly issuedAt: number | undefined;
}

/** Why there is no token, in words that hold no part of one. */
export interface TokenFault {
  readonly ok: false;
  readonly reason: string;
  /** What to do about it, a whole sentence. */
  readonly hint?: string;
}

/** A token, or why there is none. */
export type TokenResult = { readonly ok: true; readonly token: ClientToken } | TokenFault;

/**
 * Reads a token as a file or a program gives it; white space at its end is taken off.
 *
 * Checks its form as the daemon does, and that it has an `exp`, without which the daemon refuses it. Does not check the
 * signature, the audience, or whether it has expired.
 */
export function readClientToken(given: string): TokenResult {
  const text = given.trimEnd();
  const parsed = parseToken(text, MAX_TOKEN_BYTES);
  if (isRefusal(parsed)) {
    return fault(parsed.message.replace(/^the password/, 'it'));
  }
  const { least } = SIGNATURE_BYTES[parsed.algorithm];
  if (parsed.signatureBytes < least) {
    return fault(
      `the token ends in its ${parsed.algorithm} signature, which has ${parsed.signatureBytes} bytes; expected at least ${least}`,
    );
  }
  const { exp, iat } = parsed.claims;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) {
    return fault(
      `the token has no exp that is a number; expected the time at which it expires`,
      'pgtoken accepts no token without exp: have the issuer give it a lifetime.',
    );
  }
  const issuedAt = typeof iat === 'number' && Number.isFinite(iat) ? iat : undefined;
  return { ok: true, token: { text, claims: parsed.claims, expiresAt: exp, issuedAt } };
}

/** Makes a {@link TokenFault}. */
export function fault(reason: string, hint?: string): TokenFault {
  return { ok: false, reason, ...(hint === undefined ? {} : { hint }) };
}
