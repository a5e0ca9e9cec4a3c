// `split` in rules: what is accepted beside it, and what could never be met.
import { expect, it } from 'vitest';

import { parseConfig } from '../../../src/config/parse-config.ts';
import { valuesOfClaim } from '../../../src/claims/values-of-claim.ts';
import { problemsOf, withLine } from '../problems-of.ts';

const withRules = (claimRule: string, roleRule: string): string =>
  withLine(
    '  - claim: sub',
    '  - claim: sub',
    `  - {claim: scope, ${roleRule}}`,
    '  claimValidationRules:',
    `  - {claim: scp, ${claimRule}}`,
  );

it.each([
  ['split: " ", requiredValue: psql', 'split: " "'],
  ['split: " ", requiredValues: [a, b]', 'split: " ", equals: a, role: a'],
  ['split: ", ", pattern: "a b"', 'split: ", ", trimPrefix: "a b:"'],
  ['split: ",", requiredValue: "a b"', 'split: ",", pattern: "a,b"'],
])('is accepted: %s; %s', (claimRule, roleRule) => {
  const parsed = parseConfig(withRules(claimRule, roleRule));
  const [entry] = parsed.ok ? parsed.config.issuers : [];
  expect(entry?.claimValidationRules[0]?.split).toBe(/split: "([^"]*)"/.exec(claimRule)?.[1]);
  expect(entry?.roles[1]?.split).toBe(/split: "([^"]*)"/.exec(roleRule)?.[1]);
});

it.each([
  [
    'split: "", requiredValue: a',
    'claimValidationRules[0].split: Required value: must not be empty',
  ],
  [
    'split: 1, requiredValue: a',
    'claimValidationRules[0].split: Invalid type: expected text, got number 1',
  ],
  [
    'split: " "',
    'claimValidationRules[0]: Required value: exactly one of requiredValue, requiredValues, pattern, forbidden',
  ],
  [
    'split: " ", forbidden: true',
    'claimValidationRules[0].split: Invalid value: not used, as forbidden compares nothing',
  ],
  [
    'split: " ", requiredValue: "a b"',
    'claimValidationRules[0].requiredValue: Invalid value: "a b" is never in a part of a text that is split at " "',
  ],
  [
    'split: " ", requiredValue: 1',
    'claimValidationRules[0].requiredValue: Invalid value: 1 is never in a part of a text that is split at " "',
  ],
  [
    'split: " ", requiredValues: [a, true]',
    'claimValidationRules[0].requiredValues[1]: Invalid value: true is never in a part of a text that is split at " "',
  ],
])('is no demand: %s', (rule, problem) => {
  expect(problemsOf(withRules(rule, 'split: " "'))).toEqual([
    expect.stringMatching(`issuers[0].${problem}`.replaceAll(/[.[\]]/g, String.raw`\$&`)),
  ]);
});

it.each([
  ['split: ""', 'split: Required value: must not be empty'],
  [
    'split: ":", trimPrefix: "pg:"',
    'trimPrefix: Invalid value: "pg:" is never in a part of a text that is split at ":"',
  ],
  [
    'split: ":", trimSuffix: ":pg"',
    'trimSuffix: Invalid value: ":pg" is never in a part of a text that is split at ":"',
  ],
  [
    'split: " ", equals: "a b", role: x',
    'equals: Invalid value: "a b" is never in a part of a text that is split at " "',
  ],
])('is no role rule: %s', (rule, problem) => {
  const [line, ...more] = problemsOf(withRules('requiredValue: a', rule));
  expect(line).toContain(`issuers[0].roles[1].${problem}`);
  expect(more).toEqual([]);
});

it.each<readonly [value: unknown, split: string | undefined, values: readonly unknown[]]>([
  ['a b', undefined, ['a b']],
  ['a b', ' ', ['a', 'b']],
  [' a  b ', ' ', ['a', 'b']],
  ['a b', ', ', ['a b']],
  ['', ' ', []],
  ['   ', ' ', []],
  [['a b', 'c', 1, null, ['d']], ' ', ['a', 'b', 'c']],
  [['a b', 1], undefined, ['a b', 1]],
  [1, ' ', []],
  [1, undefined, [1]],
  [{ a: 'b c' }, ' ', []],
])('of %j at %j makes %j', (value, split, values) => {
  expect(valuesOfClaim(value, split)).toEqual(values);
});

it('makes at most a thousand parts, empty ones counted', () => {
  const words = (count: number): string => 'x '.repeat(count);
  expect(valuesOfClaim(words(999), ' ')).toHaveLength(999);
  expect(valuesOfClaim(words(20_000), ' ')).toHaveLength(1000);
  expect(valuesOfClaim([words(600), words(600)], ' ')).toHaveLength(1000);
  expect(valuesOfClaim(`${' '.repeat(1000)}x`, ' ')).toEqual([]);
});
