// Why a token may not be the role that was asked for, as far as its claims show it: what a rule looks at may be missing from the
// token, or not count.
import { adviseOnClaim, type Affix } from '../claims/advise-on-claim.ts';
import { type Claims, findClaim } from '../claims/claim.ts';
import { isUnverifiedEmail } from '../claims/is-unverified-email.ts';
import type { RoleRule } from '../config/schema/schema.ts';
import { refuse, type Refusal } from '../errors.ts';
import { quoteList } from '../quote.ts';
import { unverifiedEmail } from '../verify/checks/unverified-email.ts';
import { distributedClaim } from '../verify/checks/distributed-claim.ts';
import type { Issuer } from '../policy/policy.ts';

/**
 * Says more of a refusal than that no rule permits the role. It stays a refusal.
 *
 * @param refusal of `checkRole`.
 * @param requested the role that was asked for.
 * @param permitted what the rules gave.
 */
export function explainRole(
  refusal: Refusal | undefined,
  { entry, rolesOf }: Issuer,
  claims: Claims,
  requested: string,
  permitted: readonly string[],
): Refusal | undefined {
  if (refusal?.code !== 'ERR_ROLE_NOT_PERMITTED') {
    return refusal;
  }
  for (const { claim } of entry.roles) {
    const withheld = distributedClaim(claims, claim);
    if (withheld !== undefined) {
      return withheld;
    }
  }
  const looksAtEmail = entry.roles.some(({ claim }) => isUnverifiedEmail(claims, claim));
  if (looksAtEmail && rolesOf({ ...claims, email_verified: true }).includes(requested)) {
    return unverifiedEmail(claims, 'roles');
  }
  const advice = permitted.length === 0 ? advise(entry.roles, claims) : undefined;
  return advice === undefined ? refusal : refuse(refusal.code, refusal.message, advice);
}

function advise(rules: readonly RoleRule[], claims: Claims): string | undefined {
  // Once for each claim, however many rules are on it.
  const byClaim = Map.groupBy(rules, ({ claim, split }) => JSON.stringify([claim, split]));
  for (const same of byClaim.values()) {
    const [rule] = same;
    const wanted = same.map(wantedBy);
    const advice =
      rule &&
      adviseOnClaim(claims, {
        claim: rule.claim,
        split: rule.split,
        values: wanted.map(({ value }) => value).filter((value) => value !== undefined),
        affixes: wanted.flatMap(({ affixes }) => affixes),
      });
    if (advice !== undefined) {
      return advice;
    }
  }
  const names = [...new Set(rules.map(({ claim }) => claim))];
  return names.every((name) => findClaim(claims, name) === undefined)
    ? `The token has no ${quoteList(names, 3)}, which its roles would come from.`
    : undefined;
}

/** The whole value that a rule looks for, if it names one, and what it takes off values. */
function wantedBy({ equals, trimPrefix = '', trimSuffix = '' }: RoleRule): {
  readonly value: string | undefined;
  readonly affixes: readonly Affix[];
} {
  return {
    value: equals && `${trimPrefix}${equals}${trimSuffix}`,
    affixes: [
      ['trimPrefix', trimPrefix],
      ['trimSuffix', trimSuffix],
    ],
  };
}
