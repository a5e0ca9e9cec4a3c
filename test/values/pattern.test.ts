import { describe, expect, it } from 'vitest';

import { compilePattern, type Pattern } from '../../src/values/pattern.ts';

function compile(source: string): Pattern {
  const pattern = compilePattern(source, (reason) => {
    throw new Error(reason);
  });
  if (pattern === undefined) throw new Error('no pattern and no reason');
  return pattern;
}

describe('a pattern', () => {
  it.each<readonly [source: string, value: string, matches: boolean]>([
    ['a', 'a', true],
    ['a', 'ba', false],
    ['a', 'ab', false],
    ['a', 'a\n', false],
    ['a$', 'a\n', false],
    ['^a$', 'a', true],
    ['(?m)^a$', 'a\nb', false],
    ['(?m)^a$', 'b\na', false],
    ['a|ab', 'ab', true],
    ['ab|a', 'a', true],
    ['a|b', 'ab', false],
    ['a|b.*', 'a, b', false],
    ['|a', 'a', true],
    ['a|b', '', false],
    ['', '', true],
    ['', 'a', false],
    ['a??b?', 'ab', true],
    ['.*', 'a\nb', false],
    ['(?s).*', 'a\nb', true],
    ['[^:]+', 'a:b', false],
    ['.', '\u{1f600}', true],
    ['(?i)dba', 'DBA', true],
    ['dba', 'DBA', false],
    ['\\d+', '1\u0661', false],
    ['\\w+', 'caf\u00e9', false],
    ['\\Qa.b\\E', 'a.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['a.b', 'a\u{d800}b', true],
  ])('%j against %j as a whole: %j', (source, value, matches) => {
    expect(compile(source).match(value) !== undefined).toBe(matches);
  });

  it('gives its groups, those that took no part as empty text', () => {
    const pattern = compile('(a)|(?P<name>b)(c)?');
    expect(pattern.groupCount).toBe(3);
    expect(pattern.match('a')).toEqual(['a', 'a', '', '']);
    expect(pattern.match('b')).toEqual(['b', '', 'b', '']);
    expect(pattern.match('bc')).toEqual(['bc', '', 'b', 'c']);
    expect(pattern.match('c')).toBeUndefined();
  });

  it('remembers nothing from one value to the next', () => {
    const pattern = compile('(a)b?');
    expect(['ab', 'a', 'b', 'a'].map((value) => pattern.match(value)?.[1])).toEqual([
      'a',
      'a',
      undefined,
      'a',
    ]);
  });

  // Each of these takes a backtracking engine longer than the age of the universe; the test would not end.
  it.each([
    ['(a*)*b', 'a'.repeat(20_000)],
    ['(a|aa)+', `${'a'.repeat(20_000)}b`],
    ['(.*)*(.*)*(.*)*x', 'y'.repeat(5000)],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(20_000)],
    ['(?:a?){500}a{500}', 'a'.repeat(499)],
  ])('%s takes no longer for an evil value', (source, value) => {
    expect(compile(source).match(value)).toBeUndefined();
  });

  it.each([
    ['[', 'missing closing ]: `[`'],
    ['(', 'missing closing ): `(`'],
    ['*', 'missing argument to repetition operator: `*`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?!a)', 'invalid or unsupported Perl syntax: `(?!`'],
    ['(?<!a)', 'invalid named capture: `(?<!a)`'],
    ['(a)\\1', 'invalid escape sequence: `\\1`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['((a{100}){100}){100}', 'invalid repeat count: `{100}`'],
    ['a'.repeat(2001), '2001 characters and repetitions; expected at most 2000'],
    ['(a{30}){900}(b{30,900}){900}', '2788 characters and repetitions; expected at most 2000'],
    ['a{99999999999999999999}', '100000000000000000000 characters and repetitions'],
  ])('%s is none', (source, reason) => {
    const reasons: string[] = [];
    expect(compilePattern(source, (text) => reasons.push(text))).toBeUndefined();
    expect(reasons).toEqual([expect.stringContaining(reason)]);
  });
});
