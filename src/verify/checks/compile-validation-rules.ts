// `claimValidationRules`: what an entry demands of claims of its choice. A value is compared as it is, type and all; of a
// list, one element must hold what is demanded.
import { adviseOnClaim } from '../../claims/advise-on-claim.ts';
import { type Claims, findClaim } from '../../claims/claim.ts';
import { isUnverifiedEmail } from '../../claims/is-unverified-email.ts';
import type { CompilePattern } from '../../config/values/pattern.ts';
import { PATTERN_HINT } from '../../config/values/pattern-hint.ts';
import type { ReportProblem } from '../../config/problems.ts';
import type { ValidationRule } from '../../config/schema/schema.ts';
import { valuesOfClaim } from '../../claims/values-of-claim.ts';
import { refuse } from '../../errors.ts';
import { quote, quoteList } from '../../quote.ts';
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
    if (rule.forbidden === true) {
      return forbiddenCheck(name, rule.claim);
    }
    const demand = compileDemand(rule, compilePattern, (reason) => {
      report(
        [index, 'pattern'],
        `Invalid value: not an RE2 regular expression: ${reason}`,
        PATTERN_HINT,
      );
    });
    return demandCheck(name, rule, demand);
  });
}

/** What a value must be. */
interface Demand {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

function compileDemand(
  rule: ValidationRule,
  compilePattern: CompilePattern,
  report: (reason: string) => void,
): Demand {
  if (rule.pattern !== undefined) {
    const pattern = compilePattern(rule.pattern, report);
    return {
      expected: `text that matches ${quote(rule.pattern)}`,
      holds: (value) => typeof value === 'string' && pattern?.match(value) !== undefined,
    };
  }
  const values: readonly unknown[] = rule.requiredValues ?? [rule.requiredValue];
  return {
    expected: `${values.length > 1 ? 'one of ' : ''}${quoteList(values)}`,
    holds: (value) => values.includes(value),
  };
}

function demandCheck(name: string, rule: ValidationRule, demand: Demand): Check<VerifiedToken> {
  const { claim, split } = rule;
  const advise = (claims: Claims): string | undefined =>
    adviseOnClaim(claims, { claim, split, values: textsOf(rule) });
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

function textsOf({ requiredValue, requiredValues }: ValidationRule): string[] {
  return [requiredValue, requiredValues].flat().filter((value) => typeof value === 'string');
}

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
