// The refusal of a token that lacks a claim.
import { refuse, type Refusal } from '../../errors.ts';

/** @param expected what it should have had. */
export function missingClaim(
  claim: string,
  hint?: string,
  expected = 'iss, aud, sub and exp',
): Refusal {
  return refuse('ERR_CLAIM_MISSING', `the token has no ${claim}; expected ${expected}`, hint);
}
