// Makes one entry of issuers.yaml ready to decide by. Everything that can be done once is done here, so that a login
// only pays for what its entry demands.
import { isSVIDAlgorithm } from '../values/algorithms.ts';
import type { CompilePattern } from '../values/pattern.ts';
import type { ReportProblem } from '../config/problems.ts';
import type { IssuerConfiguration } from '../config/schema/schema.ts';
import { compileMemberships } from '../roles/compile-memberships.ts';
import { compileRoleRules, type RuleTools } from '../roles/compile-role-rules.ts';
import { isProtectedRole } from '../roles/is-protected-role.ts';
import { compileClaimChecks } from '../verify/checks/compile-claim-checks.ts';
import { admissionChecks } from './admission-checks.ts';
import type { Issuer, KeySource } from './policy.ts';

/**
 * Compiles an entry.
 *
 * @param protectedRoles those of the whole file.
 * @param tools as `loadRuleTools` gives them for this entry.
 * @param report told of what cannot be compiled; the result must not be used then.
 */
export function compileIssuer(
  entry: IssuerConfiguration,
  keySource: KeySource,
  protectedRoles: readonly string[],
  tools: RuleTools,
  report: ReportProblem,
): Issuer {
  for (const [index, role] of entry.allowProtectedRoles.entries()) {
    if (!isProtectedRole(role, protectedRoles)) {
      report(
        ['allowProtectedRoles', index],
        `Invalid value: ${JSON.stringify(role)}: not used, as protectedRoles does not protect it`,
      );
    }
  }
  const { algorithms } = entry.token;
  return {
    name: entry.name,
    entry,
    keySource,
    // JWT-SVID section 2.1.
    algorithms:
      entry.issuer.spiffeTrustDomain === undefined
        ? algorithms
        : algorithms.filter(isSVIDAlgorithm),
    admissionChecks: admissionChecks(entry.pam),
    claimChecks: compileClaimChecks(entry, tools.compilePattern, (below, message, hint) => {
      report(['claimValidationRules', ...below], message, hint);
    }),
    rolesOf: compileRoleRules(entry.roles, tools, (below, message, hint) => {
      report(['roles', ...below], message, hint);
    }),
    membershipsOf: compileMemberships(
      entry.provision?.memberOf,
      protectedRoles,
      tools,
      (below, message, hint) => {
        report(['provision', 'memberOf', ...below], message, hint);
      },
    ),
  };
}

/** The rules of an entry that may need tools. */
export interface RulesWithTools {
  readonly roles: readonly { readonly pattern?: string | undefined; readonly shorten: boolean }[];
  readonly claimValidationRules: readonly { readonly pattern?: string | undefined }[];
  readonly provision?:
    | { readonly memberOf?: readonly (string | RulesWithTools['roles'][number])[] | undefined }
    | undefined;
}

/** Loads what rules are compiled with, as far as they use it: it takes longer to load than a decision takes to make. */
export async function loadRuleTools(rules: RulesWithTools): Promise<RuleTools> {
  const { claimValidationRules, provision } = rules;
  const memberOf = (provision?.memberOf ?? []).filter((item) => typeof item !== 'string');
  const roles = [...rules.roles, ...memberOf];
  const usesPatterns = [...roles, ...claimValidationRules].some(
    (rule) => rule.pattern !== undefined,
  );
  return {
    compilePattern: usesPatterns
      ? (await import('../values/pattern.ts')).compilePattern
      : NO_PATTERNS,
    shortenRole: roles.some((rule) => rule.shorten)
      ? (await import('../roles/shorten-role.ts')).shortenRole
      : (role) => role,
  };
}

const NO_PATTERNS: CompilePattern = () => {
  throw new Error('a pattern in a rule that has none, for which nothing was loaded');
};
