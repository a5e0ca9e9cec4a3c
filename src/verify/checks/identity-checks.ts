// Who issued a token and about whom: `iss` (RFC 7519 section 4.1.1) and `sub` (section 4.1.2), or a SPIFFE ID as `sub`
// (JWT-SVID section 3.1).
import { isSPIFFEID } from '../../claims/spiffe-id.ts';
import { refuse } from '../../errors.ts';
import { quote, quoteOrNone } from '../../quote.ts';
import type { Check, VerifiedToken } from './check.ts';
import { missingClaim } from './missing-claim.ts';

/** `iss` is the entry's URL, byte for byte. */
export function issuerCheck(url: string): Check<VerifiedToken> {
  return {
    name: 'iss',
    expected: quote(url),
    seen: ({ claims }) => quoteOrNone(claims['iss']),
    refusal: ({ claims }) =>
      claims['iss'] === url
        ? undefined
        : refuse('ERR_ISSUER_UNKNOWN', `iss is ${quote(claims['iss'])}; expected ${quote(url)}`),
  };
}

/** `sub` is there, and a SPIFFE ID of the trust domain where there is one. */
export function subjectCheck(trustDomain: string | undefined): Check<VerifiedToken> {
  return {
    name: 'sub',
    expected:
      trustDomain === undefined ? 'text' : `a SPIFFE ID of trust domain ${quote(trustDomain)}`,
    seen: ({ claims }) => quoteOrNone(claims['sub']),
    refusal: ({ claims }) => {
      const { sub } = claims;
      if (sub === undefined) {
        return missingClaim('sub');
      }
      if (typeof sub !== 'string' || sub === '') {
        return refuse(
          'ERR_CLAIM_REJECTED',
          `sub is ${quote(sub)}; expected text that is not empty`,
        );
      }
      return trustDomain === undefined || isSPIFFEID(sub, trustDomain)
        ? undefined
        : refuse(
            'ERR_CLAIM_REJECTED',
            `sub is ${quote(sub)}; expected a SPIFFE ID of trust domain ${quote(trustDomain)}`,
            'A SPIFFE ID has no port, query or escapes, and no empty or dotted segments.',
          );
    },
  };
}
