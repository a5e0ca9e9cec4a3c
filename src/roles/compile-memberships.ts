// Memberships made ready: from `memberOf` of an entry to a function that says which roles a token's bearer is to be a member of.
import { type Claims, findClaim } from '../claims/claim.ts';
import type { ReportProblem } from '../config/problems.ts';
import type { RoleRule } from '../config/schema/schema.ts';
import { compileRoleRules, type RuleTools } from './compile-role-rules.ts';
import { isDerivedRole } from './is-derived-role.ts';
import { isProtectedRole } from './is-protected-role.ts';

/** What a token says of memberships. */
export interface WantedMemberships {
  /** Each once, and none that is protected. */
  readonly roles: readonly string[];
  /**
   * Whether that is all of them: each claim that rules look at is in the token. What is only pointed to, as too many groups are by
   * Microsoft Entra, is not.
   */
  readonly isComplete: boolean;
  /** What the token says and is protected. */
  readonly withheld: readonly string[];
}

/** Says which roles a token's bearer is to be a member of. */
export type MembershipsOf = (claims: Claims) => WantedMemberships;

/**
 * @param memberOf as in issuers.yaml; undefined: memberships are left alone.
 * @param report told of what cannot be compiled, and of protected roles; the result must not be used then.
 */
export function compileMemberships(
  memberOf: readonly (string | RoleRule)[] | undefined,
  protectedRoles: readonly string[],
  tools: RuleTools,
  report: ReportProblem,
): MembershipsOf {
  if (memberOf === undefined) {
    return () => ({ roles: [], isComplete: false, withheld: [] });
  }
  const rules = memberOf.flatMap((item, index) =>
    typeof item === 'string'
      ? []
      : {
          claim: item.claim,
          rolesOf: compileRoleRules([item], tools, ([, ...below], message, hint) => {
            report([index, ...below], message, hint);
          }),
        },
  );
  for (const [index, item] of memberOf.entries()) {
    const fixed =
      typeof item === 'string' ? [item] : isDerivedRole(item) ? [] : [item.role ?? []].flat();
    for (const role of fixed.filter((one) => isProtectedRole(one, protectedRoles))) {
      report(
        [index],
        `Invalid value: ${JSON.stringify(role)}: is protected (protectedRoles), and never granted`,
        'Make a role of your own that has what is needed of it, and name that one.',
      );
    }
  }
  const names = memberOf.filter((item) => typeof item === 'string');
  return (claims) => {
    const said = new Set([...names, ...rules.flatMap(({ rolesOf }) => rolesOf(claims))]);
    const withheld = [...said].filter((role) => isProtectedRole(role, protectedRoles));
    return {
      roles: [...said].filter((role) => !withheld.includes(role)),
      isComplete: rules.every(({ claim }) => isSaid(findClaim(claims, claim))),
      withheld,
    };
  };
}

/** Whether a claim says which there are, if any. */
function isSaid(value: unknown): boolean {
  return typeof value === 'string' || Array.isArray(value);
}
