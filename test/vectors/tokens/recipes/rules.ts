// claimValidationRules: all of them must hold, each by its own kind.
import type { Mint, TokenOptions } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const HINT = 'Compare the claims of the token with the claimValidationRules of this issuer.';

const GOOD = {
  'kubernetes.io': { namespace: 'foo' },
  tier: 1,
  groups: ['staff', 'dba'],
  hd: 'db.example.com',
  email_verified: true,
};

export function rules({ token }: Mint): Recipe[] {
  const vector = (
    name: string,
    claims: TokenOptions['claims'],
    expected: Recipe['expected'],
  ): Recipe => ({
    name,
    policy: 'rules',
    password: token({ claims: { ...GOOD, ...claims } }),
    expected,
  });
  const grants = (name: string, claims: TokenOptions['claims'] = {}) =>
    vector(name, claims, granted('rules'));
  const rejects = (
    name: string,
    claims: TokenOptions['claims'],
    seen: string,
    expected: string,
    hint = HINT,
  ): Recipe =>
    vector(name, claims, {
      code: 'ERR_CLAIM_REJECTED',
      message: `claim ${seen}; expected ${expected}`,
      hint,
    });
  const misses = (claim: string, expected: string, claims: TokenOptions['claims']): Recipe =>
    vector(`refuses a token without ${claim}, of which a rule demands a value`, claims, {
      code: 'ERR_CLAIM_MISSING',
      message: `the token has no "${claim}"; expected ${expected}`,
    });

  const NAMESPACE = 'one of "foo", "bar" (claimValidationRules[0])';
  const PATTERN = String.raw`text that matches "[a-z]+\\.example\\.com" (claimValidationRules[3])`;
  return [
    grants('grants a token for which every rule holds'),
    grants('grants the other of two required values', {
      'kubernetes.io': { namespace: 'bar' },
    }),
    rejects(
      'refuses a value that is none of the required ones',
      { 'kubernetes.io': { namespace: 'foo2' } },
      '"/kubernetes.io/namespace" is "foo2"',
      NAMESPACE,
    ),
    rejects(
      'refuses a value that differs in case',
      { 'kubernetes.io': { namespace: 'Foo' } },
      '"/kubernetes.io/namespace" is "Foo"',
      NAMESPACE,
      'Values are compared byte for byte: "Foo" and "foo" differ in case.',
    ),
    rejects(
      'refuses a value with a space behind',
      { 'kubernetes.io': { namespace: 'foo ' } },
      '"/kubernetes.io/namespace" is "foo "',
      NAMESPACE,
    ),
    misses('/kubernetes.io/namespace', NAMESPACE, { 'kubernetes.io': 'foo' }),
    misses('tier', '1 (claimValidationRules[1])', { tier: undefined }),
    misses('groups', '"dba" (claimValidationRules[2])', { groups: undefined }),
    misses('hd', PATTERN, { hd: undefined }),

    rejects(
      'refuses text for a number',
      { tier: '1' },
      '"tier" is "1"',
      '1 (claimValidationRules[1])',
    ),
    rejects(
      'refuses true for a number',
      { tier: true },
      '"tier" is true',
      '1 (claimValidationRules[1])',
    ),
    rejects(
      'refuses text for true',
      { email_verified: 'true' },
      '"email_verified" is "true"',
      'true (claimValidationRules[5])',
    ),
    rejects(
      'refuses false for true',
      { email_verified: false },
      '"email_verified" is false',
      'true (claimValidationRules[5])',
    ),
    rejects('refuses null', { tier: null }, '"tier" is null', '1 (claimValidationRules[1])'),

    grants('grants a list of which one element has the value', { groups: ['a', 'b', 'dba'] }),
    grants('grants one text where others have a list', { groups: 'dba' }),
    rejects(
      'refuses a list without the value',
      { groups: ['staff', 'dba2'] },
      '"groups" is ["staff","dba2"]',
      '"dba" (claimValidationRules[2])',
    ),
    rejects(
      'refuses an empty list',
      { groups: [] },
      '"groups" is []',
      '"dba" (claimValidationRules[2])',
    ),
    rejects(
      'refuses a list in a list',
      { groups: [['dba']] },
      '"groups" is [["dba"]]',
      '"dba" (claimValidationRules[2])',
    ),
    rejects(
      'refuses an object with the value',
      { groups: { 0: 'dba' } },
      '"groups" is {"0":"dba"}',
      '"dba" (claimValidationRules[2])',
      'Claim "groups" is an object: write the path of a member, such as "/groups/0".',
    ),

    grants('grants a list of which one element matches the pattern', {
      hd: [1, null, 'x', 'db.example.com'],
    }),
    ...[
      'db.example.com.attacker.example',
      'x.db.example.com',
      'dbXexampleXcom',
      'DB.example.com',
      '',
    ].map((hd) =>
      rejects(
        `refuses ${JSON.stringify(hd)} for a pattern`,
        { hd },
        `"hd" is ${JSON.stringify(hd)}`,
        PATTERN,
      ),
    ),
    rejects(
      'refuses a line break that other patterns would pass over',
      { hd: 'db.example.com\n' },
      String.raw`"hd" is "db.example.com\n"`,
      PATTERN,
    ),
    rejects('refuses a number for a pattern', { hd: 1 }, '"hd" is 1', PATTERN),

    ...[null, false, '', [], { sub: 'bob' }].map((act) =>
      vector(
        `refuses a forbidden claim: ${JSON.stringify(act)}`,
        { act },
        {
          code: 'ERR_CLAIM_REJECTED',
          message: 'the token has a claim "act"; expected none (claimValidationRules[4])',
          hint: HINT,
        },
      ),
    ),
    {
      name: 'looks at the rules after the times',
      policy: 'rules',
      password: token({ claims: { ...GOOD, act: 1, nbf: 4102444800 } }),
      expected: {
        code: 'ERR_TOKEN_NOT_YET_VALID',
        message:
          'the token is not valid for another 27028 d (nbf 2100-01-01T00:00:00Z, now 2026-01-01T00:00:00Z, clockSkew 30 s)',
      },
    },
    {
      name: 'looks at the rules before the role',
      policy: 'rules',
      role: 'x',
      password: token({ claims: { ...GOOD, tier: 2 } }),
      expected: {
        code: 'ERR_CLAIM_REJECTED',
        message: 'claim "tier" is 2; expected 1 (claimValidationRules[1])',
        hint: HINT,
      },
    },
  ];
}
