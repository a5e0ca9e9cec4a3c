// What a token is for: its `typ` header (RFC 7515 section 4.1.9, RFC 8725 section 3.11).
import { ABSENT, normalizeType, SVID_TYPES } from '../../values/token-type.ts';
import { refuse } from '../../errors.ts';
import { quote } from '../../quote.ts';
import type { Check, VerifiedToken } from './check.ts';

/**
 * `typ` is one of these.
 *
 * @param types as in `token.types`; of those of a trust domain only such as a JWT-SVID may have count.
 */
export function typeCheck(types: readonly string[], isSVID: boolean): Check<VerifiedToken> {
  const accepted = types.filter((type) => !isSVID || SVID_TYPES.includes(normalizeType(type)));
  const normalized = new Set(accepted.map(normalizeType));
  const named = accepted.filter((type) => normalizeType(type) !== ABSENT);
  const expected = [
    ...(normalized.has(ABSENT) ? ['none'] : []),
    ...(named.length === 0 ? [] : [`${named.length > 1 ? 'one of ' : ''}${named.join(', ')}`]),
  ].join(', or ');
  return {
    name: 'typ',
    expected,
    seen: ({ type }) => (type === undefined ? 'none' : quote(type)),
    refusal: ({ type }) =>
      // A header that says "absent" does not stand for none.
      (type === undefined && normalized.has(ABSENT)) ||
      (type !== undefined && normalizeType(type) !== ABSENT && normalized.has(normalizeType(type)))
        ? undefined
        : refuse(
            'ERR_TOKEN_TYPE',
            `typ is ${type === undefined ? 'none' : quote(type)}; expected ${expected}`,
            'Send an ID token, access token or service-account token, not one made for another purpose.',
          ),
  };
}
