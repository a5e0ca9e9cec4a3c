// What is known of each kind of claim rule. How rules decide is in the vectors; how they read, in test/config.
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { claimRuleNames, ruleOfKind } from '../../src/claim-rules/claim-rule-kinds.ts';
import { compilePattern } from '../../src/values/pattern.ts';

const quoteText = (text: string): string => RE2JS.quote(text);
const failed = (reason: string): never => {
  throw new Error(reason);
};

describe('claim rules', () => {
  it('are of these kinds', () => {
    expect(claimRuleNames()).toEqual(['requiredValue', 'requiredValues', 'pattern', 'forbidden']);
    expect(claimRuleNames('literal')).toEqual(['requiredValue', 'requiredValues']);
    expect(claimRuleNames('free')).toEqual(['pattern']);
    expect(claimRuleNames('unused')).toEqual(['forbidden']);
  });

  it('of no kind are no rules that everybody meets', () => {
    expect(() => ruleOfKind({})).toThrow('a claim rule of no kind');
    expect(() => ruleOfKind({ requiredValue: undefined })).toThrow('a claim rule of no kind');
    const unknown: object = { startsWith: 'a' };
    expect(() => ruleOfKind(unknown)).toThrow('a claim rule of no kind');
  });

  it('that forbid a claim demand that it is absent, and say nothing about whose token it is', () => {
    const rule = ruleOfKind({ forbidden: true });
    expect(rule.name).toBe('forbidden');
    expect(rule.compile(compilePattern, failed)).toBe('absent');
    expect(rule.text).toBeUndefined();
  });

  it.each<
    readonly [rule: object, expected: string, met: readonly unknown[], not: readonly unknown[]]
  >([
    [{ requiredValue: 'a.b' }, '"a.b"', ['a.b'], ['a', 'axb', '', null, ['a.b']]],
    [{ requiredValue: 1 }, '1', [1], ['1', true, 2]],
    [{ requiredValue: false }, 'false', [false], ['false', 0, null]],
    [{ requiredValues: ['a', 2] }, 'one of "a", 2', ['a', 2], ['2', 'b', 'a, 2']],
    [{ requiredValues: ['a'] }, '"a"', ['a'], ['b']],
    [{ pattern: 'a|b' }, 'text that matches "a|b"', ['a', 'b'], ['ab', 'xa', 1, null]],
  ])('%j is met by what it names alone', (written, expected, met, not) => {
    const demand = ruleOfKind(written).compile(compilePattern, failed);
    expect(demand).toMatchObject({ expected });
    const holds = demand === 'absent' ? failed('absent') : demand.holds;
    expect(met.filter((value) => !holds(value))).toEqual([]);
    expect(not.filter((value) => holds(value))).toEqual([]);
  });

  it('whose pattern is none are met by nothing, and reported', () => {
    const reasons: string[] = [];
    const demand = ruleOfKind({ pattern: '(' }).compile(compilePattern, (reason) =>
      reasons.push(reason),
    );
    expect(reasons).toHaveLength(1);
    expect(demand !== 'absent' && demand.holds('(')).toBe(false);
  });

  it.each<
    readonly [rule: object, isOpen: boolean, names: readonly string[], met: string[], not: string[]]
  >([
    [{ requiredValue: 'a.b' }, false, ['a.b'], ['a.b'], ['axb', '']],
    [{ requiredValue: 7 }, false, [], [], ['7']],
    [{ requiredValues: ['a', 'b.', true] }, false, ['a', 'b.'], ['a', 'b.'], ['bx', 'ab', 'true']],
    [
      { pattern: 'acme[-]([a-z]+)\\.org' },
      true,
      ['acme-( a-z +).org'],
      ['acme-x.org'],
      ['acme-x_org'],
    ],
  ])('%j says the same of text to config check', (written, isOpen, names, met, not) => {
    const { text } = ruleOfKind(written);
    expect([text?.isOpen, text?.names]).toEqual([isOpen, names]);
    const expression = RE2JS.compile(text?.expression(quoteText) ?? '');
    expect(met.filter((value) => !expression.matches(value))).toEqual([]);
    expect(not.filter((value) => expression.matches(value))).toEqual([]);
  });
});
