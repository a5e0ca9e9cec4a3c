// Which roles come of a claim, and which are written in the rule.
import { expect, it } from 'vitest';

import { isDerivedRole } from '../../src/roles/is-derived-role.ts';

it.each<readonly [role: string | string[] | undefined, isDerived: boolean]>([
  [undefined, true],
  ['dba', false],
  ['1', false],
  [String.raw`\d`, false],
  [String.raw`\1`, true],
  [String.raw`app_\2`, true],
  [['dba', 'app'], false],
  [['dba', String.raw`\1_\2`], true],
])('%j comes of a claim: %s', (role, isDerived) => {
  expect(isDerivedRole({ role })).toBe(isDerived);
});
