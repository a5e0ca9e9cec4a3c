// What lines of the log say of a token: a closed list, never the token, its signature, or a claim that is not named here.
import { type Claims, findClaim } from '../claims/claim.ts';

/** What is known of a token. What is not is undefined, and left out of a line. */
export interface TokenMembers {
  readonly sub: string | undefined;
  readonly jti: string | undefined;
  readonly kid: string | undefined;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly pod: string | undefined;
}

/** Longer values are cut: a line is for reading, and a token must not be able to flood the log. */
const MAX_LENGTH = 256;

/** @param keyID the key that its header names. */
export function tokenMembers(claims: Claims, keyID: unknown): TokenMembers {
  const claim = (selector: string): string | undefined => shorten(findClaim(claims, selector));
  return {
    sub: claim('sub'),
    jti: claim('jti'),
    kid: shorten(keyID),
    namespace: claim('/kubernetes.io/namespace'),
    serviceAccount: claim('/kubernetes.io/serviceaccount/name'),
    pod: claim('/kubernetes.io/pod/name'),
  };
}

/** @returns undefined for what is no text. */
export function shorten(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, MAX_LENGTH) : undefined;
}
