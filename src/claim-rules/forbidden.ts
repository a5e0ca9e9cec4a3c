// `forbidden`: the token does not have the claim.
import type { ClaimRuleKind } from './claim-rule-kind.ts';

/** The kind. */
export const forbidden = {
  schema: ({ z }) =>
    z.literal(true).check(
      z.meta({
        title: '`true`',
        description: 'The token must not have the claim, whatever its value.',
      }),
    ),
  compile: () => 'absent',
  split: 'unused',
  text: undefined,
} satisfies ClaimRuleKind<true>;
