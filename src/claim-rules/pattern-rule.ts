// `pattern`: the claim is text that a regular expression matches as a whole.
import { quote } from '../quote.ts';
import type { ClaimRuleKind } from './claim-rule-kind.ts';

/** The kind. */
export const patternRule = {
  schema: ({ values }) =>
    values.text(
      'The claim must be text that matches this regular expression as a whole. Of a list, one element must.',
      'RE2 expression',
    ),
  compile: (source, compilePattern, report) => {
    const pattern = compilePattern(source, report);
    return {
      expected: `text that matches ${quote(source)}`,
      holds: (value) => typeof value === 'string' && pattern?.match(value) !== undefined,
    };
  },
  split: 'free',
  text: {
    isOpen: () => true,
    expression: (source) => source,
    names: (source) => [withoutSyntax(source)],
  },
} satisfies ClaimRuleKind<string>;

/** A pattern without what only a pattern has in the middle of a name. */
export function withoutSyntax(source: string): string {
  return source.replaceAll(/\[(\W)\]|\\/g, '$1').replaceAll(/[[\]]/g, ' ');
}
