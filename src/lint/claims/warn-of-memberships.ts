// Memberships by claims that follow less than they seem to: a claim that a token may leave out, and a role that several subjects are.
import { pathOf } from '../../claims/claim.ts';
import type { IssuerConfiguration, RoleRule } from '../../config/schema/schema.ts';
import { quote } from '../../quote.ts';
import { isDerivedRole } from '../../roles/is-derived-role.ts';
import type { Warn } from '../warn.ts';

/** Warns of rules in `provision.memberOf`, and of role rules beside them. */
export function warnOfMemberships(entry: IssuerConfiguration, warn: Warn): void {
  const rules = (entry.provision?.memberOf ?? []).map((item) =>
    typeof item === 'string' ? undefined : item,
  );
  for (const [index, rule] of rules.entries()) {
    if (rule !== undefined && !isRequired(rule.claim, entry)) {
      warn(
        ['provision', 'memberOf', index],
        `a token without ${quote(rule.claim)} is accepted and revokes nothing: whoever can have tokens without it keeps memberships that were taken away`,
        `Add ${quote(rule.claim)} to token.requiredClaims, if the issuer writes it into every token, as an empty list too.`,
      );
    }
  }
  if (rules.every((rule) => rule === undefined)) {
    return;
  }
  for (const [index, rule] of entry.roles.entries()) {
    const shared = [rule.role ?? []].flat().find((role) => !isDerivedRole({ role }));
    if (shared !== undefined && !isOneSubject(rule)) {
      warn(
        ['roles', index],
        `several subjects may be role ${quote(shared)}, whose memberships follow the token of each login (provision.memberOf): open sessions of one have what the token of another gives`,
        'Give each subject a role of its own, or grant what the role is to have by names in memberOf.',
      );
    }
  }
}

/** Whether no login gets in without the claim. */
function isRequired(
  claim: string,
  { token, claimValidationRules, roles }: IssuerConfiguration,
): boolean {
  const isIt = (other: string): boolean => pathOf(other).join('\0') === pathOf(claim).join('\0');
  return (
    ALWAYS.some(isIt) ||
    token.requiredClaims.some(isIt) ||
    claimValidationRules.some((rule) => isIt(rule.claim) && rule.forbidden === undefined) ||
    roles.every((rule) => isIt(rule.claim))
  );
}

/** Every token has these. */
const ALWAYS = ['aud', 'exp', 'sub'];

function isOneSubject({ claim, equals, split }: RoleRule): boolean {
  return claim === 'sub' && equals !== undefined && split === undefined;
}
