// What a token says of itself, for somebody who sets up its issuer. Nothing of it is trusted: no signature is verified, and no
// part of the token but these claims goes anywhere.
import type { Claims } from '../../claims/claim.ts';
import { isRefusal } from '../../errors.ts';
import { MAX_TOKEN_BYTES, parseToken } from '../../verify/parse-token.ts';
import type { InitProblem } from '../init-problem.ts';

/** What it says. */
export interface TokenFacts {
  readonly issuer: string | undefined;
  readonly audiences: readonly string[];
  readonly subject: string | undefined;
  /** From `iat` to `exp` in seconds. */
  readonly lifetime: number | undefined;
  readonly algorithm: string;
  readonly claims: Claims;
}

/** @param password as a client sends it; a line break at its end, as files have it, is passed over. */
export function readTokenFacts(password: string): TokenFacts | InitProblem {
  const parsed = parseToken(password.replace(/\r?\n$/, ''), MAX_TOKEN_BYTES);
  if (isRefusal(parsed)) {
    return {
      // It speaks of the password that a client sends, and there is none here.
      problem: `this is not a token: ${parsed.message.replace(/^the password/, 'it')}`,
      hint: 'Give a whole JWT as the issuer made it: three parts with points between them, and nothing else.',
    };
  }
  const { claims, algorithm } = parsed;
  const { iss, aud, sub, iat, exp } = claims;
  return {
    issuer: typeof iss === 'string' ? iss : undefined,
    audiences: [aud].flat().filter((one) => typeof one === 'string'),
    subject: typeof sub === 'string' ? sub : undefined,
    lifetime:
      typeof iat === 'number' && typeof exp === 'number' && exp > iat && Number.isFinite(exp - iat)
        ? exp - iat
        : undefined,
    algorithm,
    claims,
  };
}
