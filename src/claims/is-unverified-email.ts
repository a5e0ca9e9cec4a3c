// Addresses that nobody has verified: `email` with `email_verified` beside it (OpenID Connect Core section 5.1). Where people
// write their own address, one that is not verified is whatever they like.
import { claimNameOf, type Claims } from './claim.ts';

/**
 * Whether a rule looks at `email` in a token whose `email_verified` is there and not true. Kubernetes decides alike; text, 1 and
 * null are not true. A token that says nothing of it is believed, as its issuer may know no other addresses.
 */
export function isUnverifiedEmail(claims: Claims, selector: string): boolean {
  return (
    claimNameOf(selector) === 'email' &&
    Object.hasOwn(claims, 'email_verified') &&
    claims['email_verified'] !== true
  );
}
