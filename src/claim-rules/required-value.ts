// `requiredValue`: the claim has exactly this value, and this type.
import { quote } from '../quote.ts';
import { type ClaimRuleKind, listedTexts } from './claim-rule-kind.ts';
import { type Scalar, scalar } from './scalar.ts';

/** The kind. */
export const requiredValue = {
  schema: (tools) =>
    scalar(tools).check(
      tools.z.meta({
        title: 'text, whole number, true or false',
        description:
          'The claim must have exactly this value, and this type. Of a list, one element must.',
      }),
    ),
  compile: (required) => ({ expected: quote(required), holds: (value) => value === required }),
  split: 'literal',
  text: listedTexts((required) => [required]),
} satisfies ClaimRuleKind<Scalar>;
