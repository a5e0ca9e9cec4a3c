// The kinds of claim rules. One that is added here is known to the schema, to decisions, to `config check` and to the
// documentation; one that is not is known to none of them.
import type { CompilePattern } from '../values/pattern.ts';
import type { ClaimDemand, ClaimRuleKind, SchemaTools } from './claim-rule-kind.ts';
import { forbidden } from './forbidden.ts';
import { patternRule } from './pattern-rule.ts';
import { requiredValue } from './required-value.ts';
import { requiredValues } from './required-values.ts';

/** The kinds by the key that a rule has, in the order in which they are documented. */
const KINDS = { requiredValue, requiredValues, pattern: patternRule, forbidden } as const;

type KindName = keyof typeof KINDS;
const ALL: Readonly<Record<KindName, ClaimRuleKind<unknown>>> = KINDS;

/** A rule as far as its kind goes. */
export type KindOfRule = { readonly [Name in KindName]?: unknown };

/** What a kind makes of the value that a rule has. */
export interface RuleOfKind {
  /** The key, and what is written there. */
  readonly name: string;
  readonly value: unknown;
  /** @see ClaimRuleKind.compile */
  readonly compile: (
    compilePattern: CompilePattern,
    report: (reason: string) => void,
  ) => ClaimDemand;
  /** @see ClaimRuleKind.text */
  readonly text:
    | {
        readonly isOpen: boolean;
        readonly names: readonly string[];
        readonly expression: (quoteText: (text: string) => string) => string;
      }
    | undefined;
}

/** The schemas of the keys. Each is optional: that a rule has exactly one is a cross-check. */
export function claimRuleKeys(tools: SchemaTools) {
  const { optional } = tools.z;
  return {
    requiredValue: optional(requiredValue.schema(tools)),
    requiredValues: optional(requiredValues.schema(tools)),
    pattern: optional(patternRule.schema(tools)),
    forbidden: optional(forbidden.schema(tools)),
  } satisfies Record<KindName, unknown>;
}

/** The keys of all kinds, or of those that go with `split` in this way. */
export function claimRuleNames(split?: ClaimRuleKind<unknown>['split']): readonly string[] {
  return Object.entries(ALL).flatMap(([name, kind]) =>
    split === undefined || kind.split === split ? [name] : [],
  );
}

/** A rule by its kind. @throws where it has none: a rule that nobody knows must not be one that everybody meets. */
export function ruleOfKind(rule: KindOfRule): RuleOfKind {
  const written: Readonly<Record<string, unknown>> = rule;
  for (const [name, kind] of Object.entries(ALL)) {
    const value = written[name];
    if (value !== undefined) {
      const { text } = kind;
      return {
        name,
        value,
        compile: (compilePattern, report) => kind.compile(value, compilePattern, report),
        text: text && {
          isOpen: text.isOpen(value),
          names: text.names(value),
          expression: (quoteText) => text.expression(value, quoteText),
        },
      };
    }
  }
  throw new Error('a claim rule of no kind');
}
