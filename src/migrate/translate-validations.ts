// What pam_oidc demands of a token besides its role: groups and acr become rules of `claimValidationRules`.
import { quote } from '../quote.ts';
import type { Report } from './findings.ts';
import { NEVER_EXTRA } from './parse-template.ts';
import type { OIDCOptions } from './parse-options.ts';
import { selectorOf } from './translate-template.ts';

/** A rule of `claimValidationRules`. */
export interface MigratedValidation {
  readonly claim: string;
  readonly requiredValue?: string;
  readonly requiredValues?: readonly string[];
  readonly forbidden?: true;
}

/**
 * Translates `groups_claim_key` and `authorized_groups`.
 *
 * @param withhold told of a demand that is lost, without which the entry must not be used.
 */
export function translateGroups(
  { authorizedGroups, groupsClaim }: OIDCOptions,
  loss: Report,
  withhold: Report,
  note: Report,
): MigratedValidation[] {
  const claim = groupsClaim === '' ? 'groups' : groupsClaim;
  if (authorizedGroups.length === 0) {
    if (groupsClaim !== '') {
      note(
        `groups_claim_key ${quote(groupsClaim)} says nothing without authorized_groups, and is left out`,
      );
    }
    return [];
  }
  if (NEVER_EXTRA.includes(claim)) {
    withhold(
      `groups_claim_key ${quote(claim)}: pam_oidc never finds groups in this claim, and lets nobody in`,
    );
    return [];
  }
  const values = withoutEmpty(authorizedGroups);
  if (values.length < authorizedGroups.length) {
    const report = values.length === 0 ? withhold : loss;
    report(
      'authorized_groups holds an empty name, for which pam_oidc wants a group without a name; no rule can ask for that',
      'A comma too many makes one.',
    );
  }
  if (values.length === 0) {
    return [];
  }
  note(`a claim ${quote(claim)} that is one text counts as a list of it; pam_oidc refuses it`);
  return [{ claim: selectorOf([claim]), requiredValues: values }];
}

/** Translates `require_acr` and `require_acrs`. */
export function translateACRs(
  { acrs }: OIDCOptions,
  loss: Report,
  note: Report,
): MigratedValidation[] {
  const values = withoutEmpty(acrs);
  const [value, ...more] = values;
  if (value === undefined) {
    if (acrs.length > 0) {
      note('require_acr is empty: as with pam_oidc, only a token without an acr is accepted');
    }
    return acrs.length === 0 ? [] : [{ claim: 'acr', forbidden: true }];
  }
  if (values.length < acrs.length) {
    loss(
      'require_acrs holds an empty one, for which pam_oidc accepts a token without an acr; no rule can say that beside others',
      'A comma too many makes one.',
    );
  }
  return [
    more.length === 0
      ? { claim: 'acr', requiredValue: value }
      : { claim: 'acr', requiredValues: values },
  ];
}

function withoutEmpty(values: readonly string[]): readonly string[] {
  return [...new Set(values)].filter((value) => value !== '');
}
