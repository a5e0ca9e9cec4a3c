// Claims that a token does not hold but points to: distributed and aggregated claims (OpenID Connect Core section 5.6.2), as
// Microsoft Entra makes of groups when there are too many (groups overage). Nobody is asked for them here: they are missing,
// and the refusal says why.
import { claimNameOf, type Claims } from '../../claims/claim.ts';
import { refuse, type Refusal } from '../../errors.ts';
import { isJSONObject } from '../../parse-json-object.ts';
import { quote } from '../../quote.ts';

const HINT =
  'There are too many for the token: have the issuer emit only those that the application needs, or map app roles.';

/**
 * Whether a claim is missing because the token only points to it.
 *
 * @param selector the claim as a rule names it.
 * @returns the refusal to give instead of that of a claim that nobody knows of; undefined where there is no pointer.
 */
export function distributedClaim(claims: Claims, selector: string): Refusal | undefined {
  const name = claimNameOf(selector);
  if (Object.hasOwn(claims, name)) {
    return undefined;
  }
  const pointers = claims['_claim_names'];
  if (isJSONObject(pointers) && Object.hasOwn(pointers, name)) {
    return refuse(
      'ERR_CLAIM_MISSING',
      `the token does not hold ${quote(name)} but says where to ask for it (_claim_names); expected it in the token`,
      HINT,
    );
  }
  // What Microsoft Entra writes in tokens of the implicit flow.
  return name === 'groups' && claims['hasgroups'] === true
    ? refuse(
        'ERR_CLAIM_MISSING',
        `the token does not hold ${quote(name)} but says that there are some (hasgroups); expected them in the token`,
        HINT,
      )
    : undefined;
}
