// Whether the rules of an entry shut strangers out of an issuer that is everybody's. Found out by trying tokens that
// strangers could have, with the very checks and rules that decide a login: those of anybody, and those of somebody whose
// names are made to resemble the ones that the rules have.
import { ruleOfKind } from '../../claim-rules/claim-rule-kinds.ts';
import { withoutSyntax } from '../../claim-rules/pattern-rule.ts';
import type { Claims } from '../../claims/claim.ts';
import type { RoleRule, ValidationRule } from '../../config/schema/schema.ts';
import { compileRoleRules } from '../../roles/compile-role-rules.ts';
import { findRefusal } from '../../verify/checks/check.ts';
import { loadRuleTools } from '../../policy/compile-issuer.ts';
import type { Issuer } from '../../policy/policy.ts';
import type { PublicIssuer } from '../public-issuers.ts';
import { createSearchBudget } from './search-budget.ts';

/**
 * A stranger who is let in: anybody, one who is called like somebody, one who has an address of another's domain, or one who
 * names what is his so that a claim reads like another's.
 */
export type Stranger =
  | { readonly kind: 'anybody' }
  /** Whether there is one could not be found out within bounds. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'alike' | 'namesake'; readonly name: string }
  | { readonly kind: 'crafted'; readonly claim: string; readonly value: string };

/** Of the words in the rules this many are tried, each in the place of every name. */
const MAX_WORDS = 10;

/** @returns undefined where the rules shut all of them out, as far as that was tried. */
export async function findUntrustedTenant(
  issuer: Issuer,
  shared: PublicIssuer,
): Promise<Stranger | undefined> {
  const { entry } = issuer;
  const admits = await compileAdmission(issuer, shared);
  if (shared.strangers({ owner: 'stranger.example', thing: 'app', place: 'main' }).some(admits)) {
    return { kind: 'anybody' };
  }
  const words = findWords(
    [...entry.claimValidationRules.map(namesInClaimRule), ...entry.roles.map(namesInRoleRule)]
      .filter((rule) => isPinning(rule, shared))
      .flatMap(({ names }) => names),
  );
  const things = ['app', ...words];
  for (const word of words) {
    for (const thing of things) {
      const claims = shared.borrowed?.(word, thing);
      if (claims !== undefined && admits(claims)) {
        return { kind: 'namesake', name: `${thing}@${word}` };
      }
    }
    for (const owner of [
      `${word}-stranger`,
      `${word}stranger`,
      `stranger-${word}`,
      `stranger${word}`,
    ]) {
      const isAdmitted = things.some((thing) =>
        words.some((place) => shared.strangers({ owner, thing, place }).some(admits)),
      );
      if (isAdmitted) {
        return { kind: 'alike', name: owner };
      }
    }
  }
  return findCrafted(issuer, shared, admits);
}

/** Names that strangers would not come upon by chance, but find by reading the rules. */
async function findCrafted(
  { entry }: Issuer,
  shared: PublicIssuer,
  admits: (claims: Claims) => boolean,
): Promise<Stranger | undefined> {
  const [{ craftClaims }, { demandOfClaimRule, demandOfRoleRule }] = await Promise.all([
    import('./craft-claims.ts'),
    import('./demand-of.ts'),
  ]);
  const budget = createSearchBudget();
  const demands = entry.claimValidationRules.flatMap((rule) => {
    const demand = demandOfClaimRule(rule);
    return demand !== undefined && isPinning(namesInClaimRule(rule), shared) ? [demand] : [];
  });
  const isPinned = entry.roles.every((rule) => isPinning(namesInRoleRule(rule), shared));
  const choices = isPinned ? entry.roles.map(demandOfRoleRule) : [];
  for (const { claims, kind, claim, value } of craftClaims(shared, demands, choices, budget)) {
    if (claims.some(admits)) {
      return kind === 'owner' ? { kind: 'alike', name: value } : { kind: 'crafted', claim, value };
    }
  }
  return budget.steps > 0 ? undefined : { kind: 'unknown' };
}

/** The texts that a rule wants to see in a claim; undefined where it says nothing about whose token it is. */
interface NamesInRule {
  readonly claim: string;
  readonly names: readonly string[] | undefined;
}

function namesInClaimRule(rule: ValidationRule): NamesInRule {
  return { claim: rule.claim, names: ruleOfKind(rule).text?.names };
}

function namesInRoleRule({
  claim,
  trimPrefix,
  equals,
  trimSuffix,
  pattern,
}: RoleRule): NamesInRule {
  const texts = [trimPrefix, equals, trimSuffix, pattern && withoutSyntax(pattern)];
  return { claim, names: texts.filter((text) => text !== undefined) };
}

/** Whether claims get past the rules, given that a stranger may choose every claim that does not name his tenant. */
async function compileAdmission(
  issuer: Issuer,
  shared: PublicIssuer,
): Promise<(claims: Claims) => boolean> {
  const { entry, claimChecks } = issuer;
  const pinned = new Set(
    entry.claimValidationRules.flatMap((rule, index) =>
      isPinning(namesInClaimRule(rule), shared) ? [`claimValidationRules[${index}]`] : [],
    ),
  );
  const checks = claimChecks.filter(({ name }) => pinned.has(name));
  const isOpen = entry.roles.some((rule) => !isPinning(namesInRoleRule(rule), shared));
  const rolesOf = compileRoleRules(entry.roles, await loadRuleTools(entry), () => undefined);
  return (claims) =>
    findRefusal(checks, { type: undefined, claims, keyIDs: [], now: 0 }) === undefined &&
    (isOpen || rolesOf(claims).length > 0);
}

/** Whether a rule says whose tokens count. */
function isPinning(
  rule: NamesInRule,
  { tenantClaims, ownerInSubject }: PublicIssuer,
): rule is NamesInRule & { readonly names: readonly string[] } {
  const { claim, names } = rule;
  return (
    names !== undefined &&
    tenantClaims.includes(claim) &&
    (claim !== 'sub' ||
      ownerInSubject === undefined ||
      names.some((text) => ownerInSubject.test(text)))
  );
}

/** The names in such texts: letters and digits, with single dots, dashes and underscores among them. */
function findWords(texts: readonly string[]): readonly string[] {
  const names = /[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*/g;
  const words = texts.flatMap((text) => [...text.matchAll(names)].map(([word]) => word));
  return [...new Set(words)].slice(0, MAX_WORDS);
}
