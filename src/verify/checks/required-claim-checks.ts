// Claims that an entry requires besides those that every token must have.
import { adviseOnClaim } from '../../claims/advise-on-claim.ts';
import { findClaim } from '../../claims/claim.ts';
import { quote } from '../../quote.ts';
import type { Check, VerifiedToken } from './check.ts';
import { missingClaim } from './missing-claim.ts';
import { distributedClaim } from './distributed-claim.ts';

/** Each of these claims is there; null is not. */
export function requiredClaimChecks(claims: readonly string[]): Check<VerifiedToken>[] {
  return claims.map((claim, index) => ({
    name: `requiredClaims[${index}]`,
    expected: 'any value but null',
    seen: (token) => `${quote(claim)} is ${isThere(token, claim) ? 'there' : 'missing'}`,
    refusal: (token) =>
      isThere(token, claim)
        ? undefined
        : (distributedClaim(token.claims, claim) ??
          missingClaim(
            quote(claim),
            adviseOnClaim(token.claims, { claim }),
            'one (token.requiredClaims)',
          )),
  }));
}

function isThere({ claims }: VerifiedToken, claim: string): boolean {
  const value = findClaim(claims, claim);
  return value !== undefined && value !== null;
}
