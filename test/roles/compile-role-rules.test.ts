// Role rules: what each kind yields, and what is wrong with those that cannot be used.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { RoleRule } from '../../src/config/schema/schema.ts';
import { compileRoleRules } from '../../src/roles/compile-role-rules.ts';
import { shortenRole } from '../../src/roles/shorten-role.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';

/** As it is written in issuers.yaml, without what has a default. */
type WrittenRule = Omit<RoleRule, 'shorten'> & Partial<RoleRule>;

function compile(rules: readonly WrittenRule[], report: (problem: string) => void) {
  const complete = rules.map((rule) => ({ shorten: false, ...rule }));
  return compileRoleRules(complete, RULE_TOOLS, (path, message) => {
    report(`${path.join('.')}: ${message}`);
  });
}

function rolesOf(rules: readonly WrittenRule[], claims: Readonly<Record<string, unknown>>) {
  const compiled = compile(rules, (problem) => {
    throw new Error(problem);
  });
  return compiled(claims);
}

describe('a rule', () => {
  it.each<
    readonly [what: string, rule: Omit<WrittenRule, 'claim'>, value: unknown, roles: string[]]
  >([
    ['nothing but a claim', {}, 'alice', ['alice']],
    ['a list claim', {}, ['a', 'b', 'a'], ['a', 'b', 'a']],
    ['an empty claim', {}, '', []],
    ['a claim of numbers', {}, [1, true, null, { a: 'b' }, ['c']], []],
    ['no claim', {}, undefined, []],
    ['a prefix', { trimPrefix: 'a:' }, ['a:b', 'A:b', 'b', 'a:', 'a:a:b', ' a:b'], ['b', 'a:b']],
    [
      'a pattern for everybody, between prefix and suffix that are all there is, or that overlap',
      { trimPrefix: 'ab', trimSuffix: 'bc', pattern: '.*', role: 'x' },
      ['abbc', 'abc', 'abdbc'],
      ['x'],
    ],
    ['a suffix', { trimSuffix: '@x' }, ['b@x', 'b@X', 'b', '@x', 'b@x@x', 'b@x '], ['b', 'b@x']],
    ['both', { trimPrefix: 'aa', trimSuffix: 'aa' }, ['aaxaa', 'aaaa', 'aaa', 'aaaaa'], ['x', 'a']],
    ['equals', { equals: 'dba', role: ['ro', 'rw'] }, ['dba', 'DBA', 'dbax', 'xdba'], ['ro', 'rw']],
    [
      'equals after trimming',
      { trimPrefix: '/', equals: 'dba', role: 'rw' },
      ['/dba', 'dba', '//dba'],
      ['rw'],
    ],
    ['a pattern without a role', { pattern: '[a-z]+' }, ['abc', 'Abc', 'abc1'], ['abc']],
    [
      'a pattern with a role',
      { pattern: '.*', role: 'everybody' },
      ['x', 'y'],
      ['everybody', 'everybody'],
    ],
    [
      'a pattern for everybody, behind a prefix that is all there is',
      { trimPrefix: 'a:', pattern: '.*', role: 'x' },
      ['a:', 'b:c'],
      [],
    ],
    ['words', { split: ' ' }, 'a b  c ', ['a', 'b', 'c']],
    ['words of a list', { split: ' ' }, ['a b', 1, null, 'c', ['d e']], ['a', 'b', 'c']],
    ['words with a prefix', { split: ' ', trimPrefix: 'pg:' }, 'x pg:a pg:b xpg:c', ['a', 'b']],
    ['words that equal', { split: ',', equals: 'dba', role: 'rw' }, 'x,dba,dba x', ['rw']],
    ['words that match', { split: ',', pattern: 'd(.)', role: '\\1' }, 'da,xdb,dc', ['a', 'c']],
    ['a separator of several letters', { split: ', ' }, 'a, b,c, d', ['a', 'b,c', 'd']],
    ['a separator that a pattern would read', { split: '.' }, 'a.b', ['a', 'b']],
    ['words of an empty text', { split: ' ', pattern: '.*', role: 'x' }, ['', '  '], []],
    ['words of a number', { split: ' ' }, 1, []],
    ['no words', { equals: 'dba', role: 'rw' }, 'x dba', []],
    ['groups', { pattern: '(.)(.)(.)', role: '\\3\\1x\\2' }, 'abc', ['caxb']],
    ['the same group twice, then a digit', { pattern: '(.)', role: '\\1\\10' }, 'a', ['aa0']],
    [
      'a group that took no part',
      { pattern: '(a)|(b)', role: '\\1-\\2' },
      ['a', 'b'],
      ['a-', '-b'],
    ],
    ['a backslash that names no group', { pattern: '(.)', role: 'x\\y\\1' }, 'a', ['x\\ya']],
    ['a dollar in a role', { pattern: '(.)', role: '$1$&\\1' }, 'a', ['$1$&a']],
    ['a dollar in a group', { pattern: '(.*)', role: '<\\1>' }, '$&$1\\1', ['<$&$1\\1>']],
    ['a group that looks like a group', { pattern: '(.*)(x)', role: '\\1\\2' }, '\\2x', ['\\2x']],
    ['replace', { replace: { '-': '_', '.': '' } }, 'a-b.c-d', ['a_bc_d']],
    [
      'replace, longest first',
      { replace: { a: '1', aa: '2', aaa: '3' } },
      'aaaaaa-aaaa-a',
      ['33-31-1'],
    ],
    ['replace, never twice', { replace: { a: 'b', b: 'a' } }, 'abab', ['baba']],
    [
      'replace of what means something in a regular expression',
      { replace: { '.*': 'x', '(': '' } },
      'a.*(b',
      ['axb'],
    ],
    [
      'replace with what means something in a replacement',
      { replace: { a: "$&$1$'" } },
      'bac',
      ["b$&$1$'c"],
    ],
    [
      'replace of members of every object',
      { replace: { constructor: 'c', x: 'y' } },
      'constructor-toString-x',
      ['c-toString-y'],
    ],
    [
      'replace in groups only',
      { pattern: '(.*)', role: 'a-\\1', replace: { '-': '_' } },
      'b-c',
      ['a-b_c'],
    ],
    ['replace that leaves nothing', { replace: { a: '' } }, ['aaa', 'ab'], ['b']],
    ['half a surrogate pair', {}, ['\u{d83d}', '\u{d83d}\u{de00}'], ['\u{1f600}']],
    ['replace that tears a pair apart', { replace: { '\u{de00}': '' } }, '\u{1f600}', []],
  ])('with %s', (_what, rule, value, roles) => {
    expect(rolesOf([{ claim: 'it', ...rule }], { it: value })).toEqual(roles);
  });

  it('shortens what is too long for PostgreSQL, and only where it says so', () => {
    const long = `foo:${'x'.repeat(80)}`;
    const short = shortenRole(long);
    expect(rolesOf([{ claim: 'it', shorten: true }], { it: [long, 'foo:bar'] })).toEqual([
      short,
      'foo:bar',
    ]);
    expect(rolesOf([{ claim: 'it' }], { it: long })).toEqual([long]);
    // At the very end, of what the role is filled in to.
    const rule = { claim: 'it', pattern: 'foo:(.*)', role: '\\1_ro', replace: { x: 'yy' } };
    expect(rolesOf([{ ...rule, shorten: true }], { it: long })).toEqual([
      shortenRole(`${'yy'.repeat(80)}_ro`),
    ]);
  });

  it('takes no longer for an evil value', () => {
    const rule = { claim: 'it', pattern: '((a|aa)*)*b', role: 'x' };
    expect(rolesOf([rule], { it: 'a'.repeat(16_000) })).toEqual([]);
  });
});

describe('a rule with split', () => {
  const text = fc.stringMatching(/^[ab ,]{0,12}$/);
  const word = fc.stringMatching(/^[ab]{0,4}$/);
  const separator = fc.constantFrom(' ', ',', ', ');
  const rule = fc.constantFrom<WrittenRule>(
    { claim: 'value' },
    { claim: 'value', trimPrefix: 'a' },
    ...['b+', '[ab]*', '.*'].flatMap((pattern): WrittenRule[] => [
      { claim: 'value', pattern },
      { claim: 'value', trimPrefix: 'a', pattern },
    ]),
  );

  it('permits what it would permit for a list of the parts, and nothing more', () => {
    fc.assert(
      fc.property(text, rule, separator, (value, one, split) => {
        const parts = value.split(split).filter((part) => part !== '');
        expect(rolesOf([{ ...one, split }], { value })).toEqual(rolesOf([one], { value: parts }));
      }),
      { seed: 20260101, numRuns: 2000 },
    );
  });

  it('permits what it would permit without, where there is nothing to split', () => {
    fc.assert(
      fc.property(word, rule, separator, (value, one, split) => {
        expect(rolesOf([{ ...one, split }], { value })).toEqual(rolesOf([one], { value }));
      }),
      { seed: 20260101, numRuns: 500 },
    );
  });

  it('looks at the first thousand parts', () => {
    const words = Array.from({ length: 1001 }, (_, n) => `w${n}`);
    const of = (equals: string) => [{ claim: 'value', split: ' ', equals, role: 'x' }];
    const two = [words.slice(0, 600).join(' '), words.slice(600).join(' ')];
    expect(rolesOf(of('w999'), { value: words.join(' ') })).toEqual(['x']);
    expect(rolesOf(of('w1000'), { value: words.join(' ') })).toEqual([]);
    expect(rolesOf(of('w1000'), { value: two })).toEqual([]);
  });
});

describe('several rules', () => {
  it('may each permit something, in their order', () => {
    expect(
      rolesOf(
        [{ claim: 'b' }, { claim: 'a' }, { claim: 'none' }, { claim: 'b', trimPrefix: 'x' }],
        {
          a: ['1', '2'],
          b: 'xy',
        },
      ),
    ).toEqual(['xy', '1', '2', 'y']);
  });

  it('without one permit nothing', () => {
    expect(rolesOf([], { sub: 'alice' })).toEqual([]);
  });

  it('permit at most a thousand roles, of the first thousand values', () => {
    const values = Array.from({ length: 5000 }, (_, n) => `r${n}`);
    const roles = rolesOf([{ claim: 'groups' }, { claim: 'groups', trimPrefix: 'r' }], {
      groups: values,
    });
    expect(roles).toHaveLength(1000);
    expect(roles.at(-1)).toBe('r999');
    const late = rolesOf([{ claim: 'groups', equals: 'r999', role: 'x' }], { groups: values });
    expect(late).toEqual(['x']);
    const tooLate = rolesOf([{ claim: 'groups', equals: 'r1000', role: 'x' }], { groups: values });
    expect(tooLate).toEqual([]);
  });
});

function problemsOf(rules: readonly WrittenRule[]): string[] {
  const problems: string[] = [];
  compile(rules, (problem) => problems.push(problem));
  return problems;
}

describe('a rule that cannot be used', () => {
  it.each<readonly [rule: Omit<WrittenRule, 'claim'>, problem: string]>([
    [
      { pattern: '(' },
      '0.pattern: Invalid value: not an RE2 regular expression: error parsing regexp: missing closing ): `(`',
    ],
    [
      { pattern: '(', role: '\\1' },
      '0.pattern: Invalid value: not an RE2 regular expression: error parsing regexp: missing closing ): `(`',
    ],
    [
      { pattern: '(?=a)a' },
      '0.pattern: Invalid value: not an RE2 regular expression: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
    ],
    [
      { pattern: 'a', role: '\\1' },
      '0.role: Invalid value: \\1 names no group; the pattern has 0, counted from \\1',
    ],
    [
      { pattern: '(a)', role: ['x', '\\2'] },
      '0.role.1: Invalid value: \\2 names no group; the pattern has 1, counted from \\1',
    ],
    [
      { pattern: '(a)', role: '\\0' },
      '0.role: Invalid value: \\0 names no group; the pattern has 1, counted from \\1',
    ],
  ])('%j is reported', (rule, problem) => {
    expect(problemsOf([{ claim: 'it', ...rule }])).toEqual([problem]);
  });

  it('is reported with its place, beside all others', () => {
    expect(
      problemsOf([
        { claim: 'a' },
        { claim: 'a', pattern: '[' },
        { claim: 'a', pattern: '(a)', role: '\\1\\2\\3' },
      ]).map((problem) => problem.split(': ')[0]),
    ).toEqual(['1.pattern', '2.role', '2.role']);
  });
});
