// `claimValidationRules`: what an entry demands of claims of its choice. A value is compared as it is, type and all; of a
// list, one element must hold what is demanded.
import { adviseOnClaim } from '../../claims/advise-on-claim.ts';
import { type Claims, findClaim } from '../../claims/claim.ts';
import { isUnverifiedEmail } from '../../claims/is-unverified-email.ts';
import type { Demand } from '../../claim-rules/claim-rule-kind.ts';
import { ruleOfKind } from '../../claim-rules/claim-rule-kinds.ts';
import type { CompilePattern } from '../../values/pattern.ts';
import { PATTERN_HINT } from '../../values/pattern-hint.ts';
import type { ReportProblem } from '../../config/problems.ts';
import type { ValidationRule } from '../../config/schema/schema.ts';
import { valuesOfClaim } from '../../claims/values-of-claim.ts';
import { refuse } from '../../errors.ts';
import { quote } from '../../quote.ts';
import type { Check, VerifiedToken } from './check.ts';
import { missingClaim } from './missing-claim.ts';
import { unverifiedEmail } from './unverified-email.ts';
import { distributedClaim } from './distributed-claim.ts';

/** Compiles the rules of an entry. */
export function compileValidationRules(
  rules: readonly ValidationRule[],
  compilePattern: CompilePattern,
  report: ReportProblem,
): Check<VerifiedToken>[] {
  return rules.map((rule, index) => {
    const name = `claimValidationRules[${index}]`;
    const kind = ruleOfKind(rule);
    const demand = kind.compile(compilePattern, (reason) => {
      report(
        [index, kind.name],
        `Invalid value: not an RE2 regular expression: ${reason}`,
        PATTERN_HINT,
      );
    });
    if (demand === 'absent') {
      return forbiddenCheck(name, rule.claim);
    }
    // The values that would do, for the hint; only kinds that list whole values have any.
    const values = kind.text?.isOpen === false ? kind.text.names : undefined;
    return demandCheck(name, rule, demand, values);
  });
}

function demandCheck(
  name: string,
  rule: ValidationRule,
  demand: Demand,
  values: readonly string[] | undefined,
): Check<VerifiedToken> {
  const { claim, split } = rule;
  const advise = (claims: Claims): string | undefined =>
    adviseOnClaim(claims, { claim, split, values });
  const expected =
    split === undefined
      ? demand.expected
      : `${demand.expected} as a part (split at ${quote(split)})`;
  return {
    name,
    expected,
    seen: ({ claims }) => describeClaim(claims, claim),
    refusal: ({ claims }) => {
      const value = findClaim(claims, claim);
      if (value === undefined) {
        return (
          distributedClaim(claims, claim) ??
          missingClaim(quote(claim), advise(claims), `${expected} (${name})`)
        );
      }
      if (isUnverifiedEmail(claims, claim)) {
        return unverifiedEmail(claims, name);
      }
      return valuesOfClaim(value, split).some(demand.holds)
        ? undefined
        : refuse(
            'ERR_CLAIM_REJECTED',
            `claim ${quote(claim)} is ${quote(value)}; expected ${expected} (${name})`,
            advise(claims) ?? COMPARE,
          );
    },
  };
}

const COMPARE = 'Compare the claims of the token with the claimValidationRules of this issuer.';

function describeClaim(claims: Claims, claim: string): string {
  const value = findClaim(claims, claim);
  return value === undefined ? `no ${quote(claim)}` : `${quote(claim)} is ${quote(value)}`;
}

function forbiddenCheck(name: string, claim: string): Check<VerifiedToken> {
  return {
    name,
    expected: `no claim ${quote(claim)}`,
    seen: ({ claims }) => describeClaim(claims, claim),
    refusal: ({ claims }) =>
      findClaim(claims, claim) === undefined
        ? undefined
        : refuse(
            'ERR_CLAIM_REJECTED',
            `the token has a claim ${quote(claim)}; expected none (${name})`,
            COMPARE,
          ),
  };
}
