// What a kind of claim rule is: everything that pgtoken knows of it, from its schema to what `config check` makes of it. Each
// kind has a file of its own, and claim-rule-kinds.ts lists them.
import type * as z from 'zod/mini';
import type { CompilePattern } from '../values/pattern.ts';
import type * as Values from '../values/values.ts';

/** What schemas are made of; handed over, as the library behind it is loaded only where a file is parsed. */
export interface SchemaTools {
  readonly z: typeof z;
  readonly values: typeof Values;
}

/** What a claim must be. */
export interface Demand {
  /** In words, to stand behind "expected". */
  readonly expected: string;
  /** Whether one value is that: the claim itself, an element of a list, or a part where the rule says `split`. */
  readonly holds: (value: unknown) => boolean;
}

/** What a rule demands; `absent`: that the token does not have the claim. */
export type ClaimDemand = Demand | 'absent';

/** What a kind says of a claim that is text, for `config check`, which looks for tokens that get past. */
export interface TextDemand<Value> {
  /** Whether it leaves anything to be chosen, rather than list whole values. */
  isOpen(value: Value): boolean;
  /** The texts that meet it, as an RE2 expression for the whole of one. @param quoteText as RE2 has it. */
  expression(value: Value, quoteText: (text: string) => string): string;
  /** Texts that have the names in it: somebody who is called alike is tried. */
  names(value: Value): readonly string[];
}

/** One kind of rule: a key beside `claim`, of which each rule has exactly one. */
export interface ClaimRuleKind<Value> {
  /** Title and description in it become the key's row in docs/reference/configuration.md. */
  schema(tools: SchemaTools): z.ZodMiniType<Value>;
  /** @param report told of a pattern that is none; the result must not be used then. */
  compile(
    value: Value,
    compilePattern: CompilePattern,
    report: (reason: string) => void,
  ): ClaimDemand;
  /**
   * What `split` means beside it: each part is compared with the values that are written, which must be texts without the
   * separator; each part is looked at; or nothing, and then it must not be written.
   */
  readonly split: 'compares parts' | 'looks at parts' | 'means nothing';
  /** Undefined where it says nothing about whose token it is. */
  readonly text: TextDemand<Value> | undefined;
}

/** What values that are listed one by one say of text; what is no text is met by none. */
export function listedTexts<Value>(list: (value: Value) => readonly unknown[]): TextDemand<Value> {
  const texts = (value: Value): readonly string[] =>
    list(value).filter((one) => typeof one === 'string');
  return {
    isOpen: () => false,
    expression: (value, quoteText) => `(?:${texts(value).map(quoteText).join('|')})`,
    names: texts,
  };
}
