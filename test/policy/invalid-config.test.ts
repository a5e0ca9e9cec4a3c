// What a login is answered while issuers.yaml cannot be used.
import { expect, it } from 'vitest';

import type { Problem } from '../../src/config/problems.ts';
import { invalidConfig } from '../../src/policy/invalid-config.ts';

const problem = (line: number): Problem => ({
  path: ['issuers', 0, 'name'],
  message: 'Required value',
  hint: 'Give it a name.',
  line,
  column: 3,
});

it.each([
  [1, ''],
  [2, ' (and 1 more)'],
  [3, ' (and 2 more)'],
])('names the first of %i problems, and how many more there are', (count, more) => {
  const problems = Array.from({ length: count }, (_, index) => problem(index + 1));
  expect(invalidConfig('/etc/pgtoken/issuers.yaml', problems, 'Fix it.')).toMatchObject({
    code: 'ERR_CONFIG_INVALID',
    message: `/etc/pgtoken/issuers.yaml:1:3: issuers[0].name: Required value${more}`,
    hint: 'Fix it.',
  });
});
