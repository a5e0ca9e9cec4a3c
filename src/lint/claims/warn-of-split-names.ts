// `split` on a claim that says who somebody is: a part of a name is then enough, and parts of names are what people choose.
import { pathOf } from '../../claims/claim.ts';
import type { IssuerConfiguration } from '../../config/schema/schema.ts';
import { quote } from '../../quote.ts';
import type { Warn } from '../warn.ts';

/** Names of people, programs and what is theirs, not lists of what they may do. */
const NAMES = (
  'sub name given_name family_name middle_name nickname preferred_username username upn unique_name email profile ' +
  'repository repository_owner ref workflow environment project_path namespace_path actor'
).split(' ');

/** Warns of each rule that splits such a claim. */
export function warnOfSplitNames(
  { claimValidationRules, roles }: IssuerConfiguration,
  warn: Warn,
): void {
  for (const [list, rules] of Object.entries({ claimValidationRules, roles })) {
    for (const [index, { claim, split }] of rules.entries()) {
      if (split !== undefined && NAMES.includes(pathOf(claim).join('/'))) {
        warn(
          [list, index, 'split'],
          `a part of ${quote(claim)} is enough, which is a name and no list: ${quote(`stranger${split}admin`)} counts as "admin"`,
          'Leave split out, so that the whole name is compared; it is for lists such as scope.',
        );
      }
    }
  }
}
