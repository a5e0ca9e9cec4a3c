// Scopes that an entry requires: the words of `scope` (RFC 8693 section 4.2, RFC 9068 section 2.2.3), or of `scp`, as Okta and
// Microsoft Entra call it.
import { quote, quoteList } from '../../quote.ts';
import { refuse } from '../../errors.ts';
import { valuesOfClaim } from '../../claims/values-of-claim.ts';
import type { Check, VerifiedToken } from './check.ts';

/** Each of these scopes is among those of the token, letter by letter. */
export function scopeChecks(scopes: readonly string[]): Check<VerifiedToken>[] {
  return scopes.map((scope, index) => ({
    name: `requiredScopes[${index}]`,
    expected: quote(scope),
    seen: describeScopes,
    refusal: (token) =>
      scopesOf(token)?.values.includes(scope) === true
        ? undefined
        : refuse(
            'ERR_SCOPE_MISSING',
            `${describeScopes(token)}; expected ${quote(scope)} among them (token.requiredScopes)`,
            'Ask the issuer for a token with this scope, and permit it to the client there.',
          ),
  }));
}

/** The scopes of a token, and the claim that has them. `scp` counts only where there is no `scope`. */
function scopesOf({
  claims,
}: VerifiedToken): { readonly claim: string; readonly values: readonly unknown[] } | undefined {
  const claim = ['scope', 'scp'].find((name) => Object.hasOwn(claims, name));
  return claim === undefined ? undefined : { claim, values: valuesOfClaim(claims[claim], ' ') };
}

function describeScopes(token: VerifiedToken): string {
  const scopes = scopesOf(token);
  if (scopes === undefined) return 'the token has no scopes';
  const { claim, values } = scopes;
  return `${claim} has ${values.length === 0 ? 'no scopes' : quoteList(values)}`;
}
