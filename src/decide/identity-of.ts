// Whom PostgreSQL is told of with a grant over OAuth: the subject of the token, or what its entry says instead.
import { type Claims, findClaim } from '../claims/claim.ts';
import { isUnverifiedEmail } from '../claims/is-unverified-email.ts';

/**
 * The value of the claim that an entry names as `oauth.identity`, of a token that is granted.
 *
 * @returns undefined where the token has no such claim, or an address that nobody has verified: never another claim in its
 * place, which a map of pg_ident.conf would take for one of that kind.
 */
export function identityOf(claims: Claims, claim: string): unknown {
  return isUnverifiedEmail(claims, claim) ? undefined : findClaim(claims, claim);
}
