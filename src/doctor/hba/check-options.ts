// Options that PostgreSQL does not take, on any line of pg_hba.conf: one keeps the whole file from being used, and a server
// that starts with it does not come up.
import { fault, type Finding } from '../finding.ts';
import type { HBARule } from './parse-hba.ts';
import { findOptionFault, optionsOf } from './methods.ts';
import { placeOf } from './place-of.ts';

/** @returns a failure for each option that is unknown, not for the method or line, or has a value that is none. */
export function checkOptions(rule: HBARule): readonly Finding[] {
  const { type, method, options } = rule;
  return options.flatMap((option) => {
    const problem = findOptionFault(type, method, option);
    return problem === undefined
      ? []
      : [
          fault(
            'hba-option',
            placeOf(rule),
            `${problem}; with it PostgreSQL keeps the rules of before, and does not start`,
            adviseOn(rule, option[0]),
          ),
        ];
  });
}

function adviseOn({ type, method }: HBARule, name: string): string {
  const known = optionsOf(type, method);
  if (method === 'pam' && name === 'map') {
    return 'Take map= away: the role rules of issuers.yaml say who may be what.';
  }
  if (/^client(?:cert|name)$/.test(name)) {
    return known.includes(name) ? `Write a value that ${name} has.` : 'Write hostssl.';
  }
  return known.length === 0
    ? `Take it away; ${method} has no options.`
    : `Correct it, or take it away; ${method} has ${known.join(', ')}.`;
}
