// The refusal of a token by an address that is not verified.
import type { Claims } from '../../claims/claim.ts';
import { refuse, type Refusal } from '../../errors.ts';
import { quote } from '../../quote.ts';

/** @param where which rule looks at `email`. */
export function unverifiedEmail(claims: Claims, where: string): Refusal {
  return refuse(
    'ERR_CLAIM_REJECTED',
    `email_verified is ${quote(claims['email_verified'])}; expected true, or no such claim, as a rule is on "email" (${where})`,
    'Have the address verified at the issuer, or write a rule on a claim that its bearer cannot choose.',
  );
}
