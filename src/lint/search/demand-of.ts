// What a rule demands of the text in a claim, as one RE2 expression.
import { RE2JS } from 're2js';
import { type KindOfRule, ruleOfKind } from '../../claim-rules/claim-rule-kinds.ts';
import type { RoleRule } from '../../config/schema/schema.ts';

/** A rule as far as it looks at the text of a claim. */
export interface TextDemand {
  readonly claim: string;
  /** What the whole text must match. */
  readonly expression: string;
  /** Whether it leaves anything to be chosen, rather than list whole values. */
  readonly isOpen: boolean;
}

/** A claim rule; undefined for one that says nothing about whose token it is. */
export function demandOfClaimRule(
  rule: KindOfRule & { readonly claim: string; readonly split?: string | undefined },
): TextDemand | undefined {
  const { text } = ruleOfKind(rule);
  return (
    text && {
      claim: rule.claim,
      expression: inParts(`(?:${text.expression(quote)})`, rule.split),
      isOpen: text.isOpen,
    }
  );
}

/** A role rule, whatever role it permits. */
export function demandOfRoleRule(
  rule: Pick<RoleRule, 'claim' | 'split' | 'trimPrefix' | 'trimSuffix' | 'equals' | 'pattern'>,
): TextDemand {
  const { claim, split, trimPrefix = '', trimSuffix = '', equals, pattern } = rule;
  const inner = equals === undefined ? '(?s:.+)' : `(?:${quote(equals)})`;
  const value = pattern === undefined ? inner : `(?:${pattern})`;
  return {
    claim,
    expression: inParts(`${quote(trimPrefix)}${value}${quote(trimSuffix)}`, split),
    isOpen: equals === undefined,
  };
}

function inParts(expression: string, split: string | undefined): string {
  if (split === undefined) {
    return expression;
  }
  const separator = quote(split);
  return `(?s:.*${separator})?(?:${expression})(?:${separator}(?s:.*))?`;
}

function quote(text: string): string {
  return RE2JS.quote(text);
}
