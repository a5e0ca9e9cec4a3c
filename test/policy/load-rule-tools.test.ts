// What rules are compiled with: loaded where one of them uses it, and only then.
import { expect, it } from 'vitest';

import { loadRuleTools } from '../../src/policy/compile-issuer.ts';

const LONG = 'x'.repeat(100);
const plain = { shorten: false };

it.each<
  readonly [
    what: string,
    rules: Parameters<typeof loadRuleTools>[0],
    patterns: boolean,
    shortens: boolean,
  ]
>([
  ['no rules', { roles: [], claimValidationRules: [] }, false, false],
  ['plain rules', { roles: [plain], claimValidationRules: [{}] }, false, false],
  [
    'one role rule that shortens',
    { roles: [plain, { shorten: true }], claimValidationRules: [] },
    false,
    true,
  ],
  [
    'one role rule with a pattern',
    { roles: [plain, { ...plain, pattern: 'x' }], claimValidationRules: [{}] },
    true,
    false,
  ],
  [
    'one claim rule with a pattern',
    { roles: [plain], claimValidationRules: [{}, { pattern: 'x' }] },
    true,
    false,
  ],
])('%s', async (_what, rules, patterns, shortens) => {
  const { compilePattern, shortenRole } = await loadRuleTools(rules);
  const report = (reason: string): never => {
    throw new Error(reason);
  };
  if (patterns) {
    expect(compilePattern('x', report)?.match('x')).toEqual(['x']);
  } else {
    // Rather than a rule that nothing meets, or everything.
    expect(() => compilePattern('x', report)).toThrow('a pattern in a rule that has none');
  }
  expect(shortenRole(LONG) === LONG).toBe(!shortens);
});
