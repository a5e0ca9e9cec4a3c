// `deny`: what is refused although it is valid, until it expires by itself.
import type { IssuerConfiguration } from '../../config/schema/schema.ts';
import { refuse } from '../../errors.ts';
import { quote, quoteList } from '../../quote.ts';
import type { Check, VerifiedToken } from './check.ts';
import { formatTime, isNumericDate } from './time-checks.ts';

/** The demands that come of an entry's deny lists; none for a list that is empty. */
export function denyChecks(deny: IssuerConfiguration['deny']): Check<VerifiedToken>[] {
  const { subjects, tokenIDs, keyIDs, issuedBefore } = deny;
  return [
    ...listCheck('subjects', 'sub', subjects, ({ claims }) => [claims['sub']]),
    ...listCheck('tokenIDs', 'jti', tokenIDs, ({ claims }) => [claims['jti']]),
    // A token may leave its kid out: then that of the key counts that it is verified with.
    ...listCheck('keyIDs', 'kid', keyIDs, (token) => token.keyIDs),
    ...(issuedBefore === undefined ? [] : [issuedBeforeCheck(issuedBefore)]),
  ];
}

const HINT = 'Somebody has withdrawn it here; ask whoever administers this server.';

function listCheck(
  list: string,
  name: string,
  denied: readonly string[],
  valuesOf: (token: VerifiedToken) => readonly unknown[],
): Check<VerifiedToken>[] {
  if (denied.length === 0) {
    return [];
  }
  const set: ReadonlySet<unknown> = new Set(denied);
  return [
    {
      name: `deny.${list}`,
      expected: `a ${name} that is not in deny.${list}`,
      seen: (token) => quoteList(valuesOf(token).filter((value) => value !== undefined)) || 'none',
      refusal: (token) => {
        const value = valuesOf(token).find((one) => set.has(one));
        return value === undefined
          ? undefined
          : refuse('ERR_DENY_LISTED', `${name} ${quote(value)} is denied (deny.${list})`, HINT);
      },
    },
  ];
}

function issuedBeforeCheck(moment: number): Check<VerifiedToken> {
  return {
    name: 'deny.issuedBefore',
    expected: `issued at ${formatTime(moment)} or later`,
    seen: ({ claims: { iat } }) => (isNumericDate(iat) ? formatTime(iat) : 'no iat'),
    refusal: ({ claims: { iat } }) =>
      isNumericDate(iat) && iat >= moment
        ? undefined
        : refuse(
            'ERR_DENY_LISTED',
            `the token ${isNumericDate(iat) ? `was issued at ${formatTime(iat)}` : 'does not say when it was issued (iat)'}; those from before ${formatTime(moment)} are denied (deny.issuedBefore)`,
            'Get a new token.',
          ),
  };
}
