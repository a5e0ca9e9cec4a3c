// From an entry of issuers.yaml to the demands on the claims of its tokens, in the order in which they are looked at: who
// issued it, for whom, about whom, when, what for, the entry's own rules, and what is denied.
//
// None of this says anything about a token whose signature is not verified.
import type { CompilePattern } from '../../values/pattern.ts';
import type { ReportProblem } from '../../config/problems.ts';
import type { IssuerConfiguration } from '../../config/schema/schema.ts';
import type { Check, VerifiedToken } from './check.ts';
import { audienceCheck } from './audience-check.ts';
import { bindingChecks } from './binding-checks.ts';
import { denyChecks } from './deny-checks.ts';
import { issuerCheck, subjectCheck } from './identity-checks.ts';
import { timeChecks } from './time-checks.ts';
import { typeCheck } from './type-check.ts';
import { requiredClaimChecks } from './required-claim-checks.ts';
import { scopeChecks } from './scope-checks.ts';
import { compileValidationRules } from './compile-validation-rules.ts';

/**
 * Compiles the demands of an entry.
 *
 * @param compilePattern how patterns are compiled; only called for rules that have one.
 * @param report told of a pattern that does not compile; the result must not be used then.
 */
export function compileClaimChecks(
  entry: IssuerConfiguration,
  compilePattern: CompilePattern,
  report: ReportProblem,
): readonly Check<VerifiedToken>[] {
  const { issuer, token } = entry;
  const isSVID = issuer.spiffeTrustDomain !== undefined;
  return [
    // A trust domain's tokens are told by their subject, whoever issued them (JWT-SVID section 3).
    ...(issuer.url === undefined ? [] : [issuerCheck(issuer.url)]),
    audienceCheck(issuer),
    subjectCheck(issuer.spiffeTrustDomain),
    ...timeChecks(token),
    typeCheck(token.types, isSVID),
    ...bindingChecks(token),
    ...requiredClaimChecks(token.requiredClaims),
    ...scopeChecks(token.requiredScopes),
    ...compileValidationRules(entry.claimValidationRules, compilePattern, report),
    ...denyChecks(entry.deny),
  ];
}
