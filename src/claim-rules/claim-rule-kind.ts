// What a kind of claim rule is: everything that pgtoken knows of it, from its schema to what `config check` makes of it. Each
// kind has a file of its own, and claim-rule-kinds.ts lists them.
import type * as z from 'zod/mini';
import type { CompilePattern } from '../values/pattern.ts';
import type * as Values from '../values/values.ts';

/**
 * What schemas are made of; handed over, as the library behind it is loaded only where a file is parsed. One by one: with the
 * library as a whole, all of it would be in the bundle, and in the daemon's memory.
 */
export interface SchemaTools {
  readonly z: Pick<
    typeof z,
    'array' | 'boolean' | 'int' | 'literal' | 'meta' | 'minLength' | 'optional' | 'union'
  >;
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
export interface TextMeaning<Value> {
  /** False where it lists whole values, which `names` gives then; true where it leaves something to be chosen. */
  isOpen(value: Value): boolean;
  /**
   * The texts that meet it, as an RE2 expression for the whole of one; `(?s:.*)` for what may be anything, as a decision looks at
   * line breaks too. A wildcard directly behind a name is warned of.
   *
   * @param quoteText makes an expression of a text.
   */
  expression(value: Value, quoteText: (text: string) => string): string;
  /** The texts in which it names somebody: names like them are tried. */
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
   * How it goes with `split`. `literal`: texts are written that stand in one part, so that one with the separator in it is never
   * met, which is a problem; `free`: anything may be written; `unused`: `split` would do nothing, which is a problem.
   */
  readonly split: 'literal' | 'free' | 'unused';
  /** Undefined where it does not narrow down whose token it is, as a bound on a length does not. */
  readonly text: TextMeaning<Value> | undefined;
}

/** What values that are listed one by one say of text; what is no text is met by none. */
export function listedTexts<Value>(list: (value: Value) => readonly unknown[]): TextMeaning<Value> {
  const texts = (value: Value): readonly string[] =>
    list(value).filter((one) => typeof one === 'string');
  return {
    isOpen: () => false,
    expression: (value, quoteText) => `(?:${texts(value).map(quoteText).join('|')})`,
    names: texts,
  };
}
