// `requiredValues`: the claim has one of these values.
import { quoteList } from '../quote.ts';
import { type ClaimRuleKind, listedTexts } from './claim-rule-kind.ts';
import { type Scalar, scalar } from './scalar.ts';

/** The kind. */
export const requiredValues = {
  schema: (tools) =>
    tools.z.array(scalar(tools), { error: 'expected a list of values' }).check(
      tools.z.minLength(1, 'must not be empty'),
      tools.z.meta({
        title: 'list of such values, at least one',
        description: 'The claim must have one of these values. Of a list, one element must.',
      }),
    ),
  compile: (required) => {
    const values: readonly unknown[] = required;
    return {
      expected: `${values.length > 1 ? 'one of ' : ''}${quoteList(values)}`,
      holds: (value) => values.includes(value),
    };
  },
  split: 'literal',
  text: listedTexts((required) => required),
} satisfies ClaimRuleKind<readonly Scalar[]>;
