// What rules are compiled with: loaded where one of them uses it, and only then.
import { expect, it } from 'vitest';

import { messageOf } from '../../src/message-of.ts';
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
  let outcome: unknown;
  try {
    outcome = compilePattern('x', report)?.match('x');
  } catch (error) {
    outcome = messageOf(error);
  }
  // An error, rather than a rule that nothing meets, or everything.
  expect(outcome).toEqual(
    patterns ? ['x'] : 'a pattern in a rule that has none, for which nothing was loaded',
  );
  expect(shortenRole(LONG) === LONG).toBe(!shortens);
});
