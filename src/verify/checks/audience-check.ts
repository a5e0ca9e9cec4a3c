// For whom a token is: `aud` (RFC 7519 section 4.1.3).
import type { IssuerPart } from '../../config/schema/schema.ts';
import { refuse } from '../../errors.ts';
import { quote, quoteList, quoteOrNone } from '../../quote.ts';
import type { Check, VerifiedToken } from './check.ts';
import { missingClaim } from './missing-claim.ts';

/** `aud` holds an audience of the entry; with MatchExact, all of them and no other. */
export function audienceCheck({
  audiences,
  audienceMatchPolicy: policy,
}: IssuerPart): Check<VerifiedToken> {
  const words = policy === 'MatchExact' ? 'exactly ' : audiences.length > 1 ? 'one of ' : '';
  const expected = `${words}${quoteList(audiences)}`;
  return {
    name: 'aud',
    expected,
    seen: ({ claims }) => quoteOrNone(claims['aud']),
    refusal: ({ claims }) => {
      const { aud } = claims;
      if (aud === undefined) {
        return missingClaim(
          'aud',
          'Ask the issuer for a token with an audience: ID tokens have one; access tokens of Amazon Cognito and legacy service-account tokens have none.',
        );
      }
      const seen: unknown[] = Array.isArray(aud) ? aud : [aud];
      if (!seen.every((value) => typeof value === 'string')) {
        return refuse(
          'ERR_CLAIM_REJECTED',
          `aud is ${quote(aud)}; expected text or a list of texts`,
        );
      }
      const matches =
        policy === 'MatchExact'
          ? seen.every((value) => audiences.includes(value)) &&
            // Of which there is at least one: an empty list does not do.
            audiences.every((value) => seen.includes(value))
          : seen.some((value) => audiences.includes(value));
      return matches
        ? undefined
        : refuse(
            'ERR_AUDIENCE_MISMATCH',
            `aud is ${seen.length === 0 ? 'an empty list' : quoteList(seen)}; expected ${expected}`,
            'Ask the issuer for a token with this audience; audiences are compared byte for byte.',
          );
    },
  };
}
