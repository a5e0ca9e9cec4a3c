// Lines of pg_hba.conf that send tokens to pgtoken's OAuth validator (PostgreSQL 18 and newer).
import { fault, type Finding } from '../finding.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import { placeOf } from '../hba/place-of.ts';

const VALIDATOR = 'pgtoken_validator';

/**
 * Whether a line is for pgtoken's validator. One that names none takes the only one that the server permits, which is not looked
 * up: a host that pgtoken is examined on has pgtoken's.
 */
export function usesValidator({ method, options }: HBARule): boolean {
  const named = validatorOf({ options });
  return method === 'oauth' && (named === undefined || isOurs(named));
}

/** The library that a line names, if it does. */
export function validatorOf({ options }: Pick<HBARule, 'options'>): string | undefined {
  return optionOf(options, 'validator');
}

/** Whether a library is pgtoken's, wherever it lies. */
export function isOurs(library: string): boolean {
  return library.split('/').at(-1) === VALIDATOR;
}

/** @returns what keeps out whom pgtoken lets in. */
export function checkOAuth(rule: HBARule): readonly Finding[] {
  const isDelegated = /^(?:1|on|true|yes)$/i.test(
    optionOf(rule.options, 'delegate_ident_mapping') ?? '',
  );
  return isDelegated || optionOf(rule.options, 'map') !== undefined
    ? []
    : [
        fault(
          'hba-mapping',
          placeOf(rule),
          'neither delegate_ident_mapping=1 nor map=: only who asks for a role of the same name as the subject of the token gets in',
          'Write delegate_ident_mapping=1: the role rules of issuers.yaml say who may be what.',
        ),
      ];
}

/** The last one counts. */
function optionOf(options: HBARule['options'], name: string): string | undefined {
  return options.findLast(([option]) => option === name)?.[1];
}
