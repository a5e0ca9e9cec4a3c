// Values that a claim does not have, and such that it may.
import { expect, it } from 'vitest';
import { type Entry, entryWith, warningsOf } from '../warnings-of.ts';

const VERIFIED = (claim: string, value: string): string =>
  `"${claim}" is true or false, and the text "${value}" is neither: types are compared too`;
const WHOLE = (claim: string, value: string): string =>
  `"${claim}" has all scopes of a token in one text, which is compared as a whole: "${value} openid" does not count as "${value}"`;

it.each<readonly [more: Entry, path: string, message: string]>([
  [
    { claimValidationRules: [{ claim: 'email_verified', requiredValue: 'true' }] },
    'claimValidationRules[0].requiredValue',
    VERIFIED('email_verified', 'true'),
  ],
  [
    { claimValidationRules: [{ claim: '/email_verified', requiredValues: [true, 'yes'] }] },
    'claimValidationRules[0].requiredValues[1]',
    VERIFIED('/email_verified', 'yes'),
  ],
  [
    { claimValidationRules: [{ claim: 'scope', requiredValue: 'db' }] },
    'claimValidationRules[0].requiredValue',
    WHOLE('scope', 'db'),
  ],
  [
    { roles: [{ claim: 'scope', equals: 'db', role: 'app' }] },
    'roles[0].equals',
    WHOLE('scope', 'db'),
  ],
])('are told: %j', async (more, path, message) => {
  expect(await warningsOf(entryWith(more))).toEqual([`issuers[0].${path}: ${message}`]);
});

it.each<Entry>([
  { claimValidationRules: [{ claim: 'email_verified', requiredValue: true }] },
  { claimValidationRules: [{ claim: 'phone_number_verified', forbidden: true }] },
  { claimValidationRules: [{ claim: 'scope', requiredValue: 'db', split: ' ' }] },
  { claimValidationRules: [{ claim: 'scope', requiredValue: 'db openid' }] },
  { claimValidationRules: [{ claim: 'scope', pattern: '.*db.*' }] },
  // A list, as some issuers have it.
  { claimValidationRules: [{ claim: 'scp', requiredValue: 'db' }] },
  { claimValidationRules: [{ claim: '/a/email_verified', requiredValue: 'true' }] },
  { claimValidationRules: [{ claim: '/email_/verified', requiredValue: 'true' }] },
  { claimValidationRules: [{ claim: 'email_verified', pattern: 'true|yes' }] },
  { roles: [{ claim: 'scope', split: ' ', equals: 'db', role: 'app' }] },
  { roles: [{ claim: 'scope', trimPrefix: 'db:' }] },
])('are not told: %j', async (more) => {
  expect(await warningsOf(entryWith(more))).toEqual([]);
});
