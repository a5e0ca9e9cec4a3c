// Values that a claim does not have in the tokens of most issuers, so that a rule is met by none of them.
import { ruleOfKind } from '../../claim-rules/claim-rule-kinds.ts';
import { pathOf } from '../../claims/claim.ts';
import type { ConfigPath } from '../../config/config-path.ts';
import type { IssuerConfiguration } from '../../config/schema/schema.ts';
import { quote } from '../../quote.ts';
import type { Warn } from '../warn.ts';

/** True or false, in OpenID Connect Core section 5.1. */
const BOOLEANS = ['email_verified', 'phone_number_verified'];
/** All scopes in one text, separated by spaces (RFC 8693 section 4.2, RFC 9068 section 2.2.3.1). */
const LISTS_IN_TEXT = ['scope'];

/** Warns of each value that is compared with such a claim. */
export function warnOfClaimValues(entry: IssuerConfiguration, warn: Warn): void {
  for (const { path, claim, split, value } of comparedIn(entry)) {
    const name = pathOf(claim).join('/');
    if (BOOLEANS.includes(name)) {
      warn(
        path,
        `${quote(claim)} is true or false, and the text ${quote(value)} is neither: types are compared too`,
        'Write true or false without quotes, unless your issuer writes it as text.',
      );
    } else if (LISTS_IN_TEXT.includes(name) && split === undefined && !value.includes(' ')) {
      warn(
        path,
        `${quote(claim)} has all scopes of a token in one text, which is compared as a whole: ${quote(`${value} openid`)} does not count as ${quote(value)}`,
        'Write split: " " beside it.',
      );
    }
  }
}

interface Compared {
  readonly path: ConfigPath;
  readonly claim: string;
  readonly split: string | undefined;
  readonly value: string;
}

/** The texts that rules compare with a claim as a whole. */
function comparedIn({ claimValidationRules, roles }: IssuerConfiguration): readonly Compared[] {
  const demanded = claimValidationRules.flatMap(({ claim, split, ...rule }, index) => {
    const { name, value: written, text } = ruleOfKind(rule);
    const values = text?.isOpen === false ? text.names : [];
    return values.map((value) => ({
      path: [
        'claimValidationRules',
        index,
        name,
        ...(Array.isArray(written) ? [written.indexOf(value)] : []),
      ],
      claim,
      split,
      value,
    }));
  });
  const selected = roles.flatMap(({ claim, split, equals: value }, index) =>
    value === undefined ? [] : [{ path: ['roles', index, 'equals'], claim, split, value }],
  );
  return [...demanded, ...selected];
}
