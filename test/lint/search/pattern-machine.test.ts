// The machine that advice is found with takes what the matcher takes, and what it finds is matched.
import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';

import { demandOfClaimRule, demandOfRoleRule } from '../../../src/lint/search/demand-of.ts';
import type { KindOfRule } from '../../../src/claim-rules/claim-rule-kinds.ts';
import { findText } from '../../../src/lint/search/find-text.ts';
import { createSearchBudget } from '../../../src/lint/search/search-budget.ts';
import {
  createMachine,
  type Machine,
  type Neighbour,
  neighbourOf,
} from '../../../src/lint/search/pattern-machine.ts';
import { compilePattern } from '../../../src/values/pattern.ts';
import { compileRoleRules } from '../../../src/roles/compile-role-rules.ts';
import { RULE_TOOLS } from '../../support/rule-tools.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20260101);

function machineOf(pattern: string): Machine {
  const machine = createMachine(pattern);
  if (machine === undefined) throw new Error(`no machine for ${pattern}`);
  return machine;
}

/** Walks through a text, at all places at once. */
function takes(machine: Machine, text: string): boolean {
  let places = new Set([machine.start]);
  let before: Neighbour = 'none';
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    const after = neighbourOf(codePoint);
    const steps = [...places].flatMap((place) => machine.steps(place, before, after));
    places = new Set(steps.filter((step) => step.takes(codePoint)).map(({ next }) => next));
    before = after;
  }
  return [...places].some((place) => machine.endsAt(place, before));
}

function matcherOf(pattern: string): (text: string) => boolean {
  const compiled = compilePattern(pattern, (reason) => {
    throw new Error(`${pattern}: ${reason}`);
  });
  return (text) => compiled?.match(text) !== undefined;
}

function matches(pattern: string, text: string): boolean {
  return matcherOf(pattern)(text);
}

/** Patterns of everything that there is, over few letters. */
const { pattern: PATTERN } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('a', 'b', '-', ':', String.raw`\.`, '@', ''),
    fc.constantFrom('.', '[a-c]', '[^:]', '[^a-]', String.raw`\w`, String.raw`\W`, String.raw`\d`),
    fc.constantFrom('^', '$', String.raw`\b`, String.raw`\B`, String.raw`\A`, String.raw`\z`),
    fc.constantFrom(
      '(?i:aB)',
      '(?s:.)',
      '(?m:^a$)',
      String.raw`\pL`,
      '[[:alpha:]]',
      String.raw`\Qa.b\E`,
    ),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
    tie('pattern').map((a) => `(${a})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{0,2}', '{1,}'))
      .map(([a, count]) => `(?:${a})${count}`),
  ),
}));
const TEXT = fc.stringMatching(/^[abAB:.@\n1-]{0,6}$/);

describe('a machine', () => {
  it('takes exactly what the matcher takes', () => {
    let taken = 0;
    fc.assert(
      fc.property(PATTERN, TEXT, (pattern, text) => {
        const expected = matches(pattern, text);
        if (expected) taken += 1;
        expect([pattern, text, takes(machineOf(pattern), text)]).toEqual([pattern, text, expected]);
      }),
      { seed: SEED, numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(250);
  });

  it('is none of what is no pattern', () => {
    for (const pattern of ['(', '[', 'a{1001}', '(?=a)', String.raw`\1`]) {
      expect(createMachine(pattern)).toBeUndefined();
    }
  });

  it('knows the groups of a text', () => {
    const machine = machineOf('(?P<owner>[a-z]+)/(?P<thing>[a-z]*)(?P<more>x)?');
    expect(machine.match('octo/repo')).toEqual({ owner: 'octo', thing: 'repo', more: '' });
    expect(machine.match('octo')).toBeUndefined();
  });
});

describe('a text', () => {
  const find = (template: string, demands: readonly string[], free: readonly string[] = []) =>
    findText(machineOf(template), demands.map(machineOf), free);

  it('that is found is matched by all patterns, and none is shorter', () => {
    let found = 0;
    let none = 0;
    const short = ['', ...words(1), ...words(2)];
    fc.assert(
      fc.property(PATTERN, PATTERN, (one, other) => {
        const text = find(one, [other]);
        const both = [matcherOf(one), matcherOf(other)];
        const shortest = short.find((word) => both.every((isTaken) => isTaken(word)));
        if (text === undefined) none += 1;
        else found += 1;
        expect([
          one,
          other,
          text,
          text === undefined || both.every((isTaken) => isTaken(text)),
        ]).toEqual([one, other, text, true]);
        // What is found first is as short as can be; and where something short is, it is found.
        expect([one, other, shortest === undefined ? undefined : text?.length]).toEqual([
          one,
          other,
          shortest?.length,
        ]);
      }),
      { seed: SEED, numRuns: 500 },
    );
    expect(found).toBeGreaterThan(100);
    expect(none).toBeGreaterThan(50);
  });

  it.each<readonly [template: string, demand: string, free: string | undefined]>([
    ['(?P<owner>[a-z]+)/x', 'octo.*', 'octox/x'],
    ['(?P<owner>[a-z]+)/x', '.*octo/.*', 'xocto/x'],
    ['(?P<owner>[a-z]+)/x', '[a-z]+/x', 'x/x'],
    ['(?P<owner>[a-z]+)/x', '[a-z]{3}/x', 'xxx/x'],
    ['(?P<owner>[a-z0-9]+)/x', 'octo[0-9]+/x', 'octo11/x'],
    ['(?P<owner>[a-z]+)/x', 'team[a-k]/.*', 'teama/x'],
    ['(?P<owner>[a-z]+)/x', 'team[b-f]{2}/.*', 'teambb/x'],
    ['(?P<owner>[a-z]+)/x', 'team[b-e]{2}/.*', undefined],
    ['(?P<owner>[a-z]+)/x', 'team[b-e]{3}/.*', undefined],
    ['(?P<owner>[a-z]+)/(?P<thing>[a-z]+)', 'octo/.*', undefined],
    // What is listed, however it is written.
    ['(?P<owner>[a-z]+)/x', 'octo/.*', undefined],
    ['(?P<owner>[a-z]+)/x', '(?:octo|acme)/.*', undefined],
    ['(?P<owner>[a-z]+)/x', 'team[a-j]/.*', undefined],
    ['(?P<owner>[a-z0-9]+)/x', 'team[0-9]/.*', undefined],
    ['(?P<owner>[a-z]+)/x', '(?i)octo/.*', undefined],
    ['(?P<owner>[a-z]+)/x', 'octo/.*|acme/x', undefined],
  ])('of %s and %s has a free owner: %s', (template, demand, text) => {
    expect(find(template, [demand], ['owner'])).toBe(text);
  });

  it('has all of its groups free where several must be', () => {
    const template = '(?P<owner>[a-z]+)@(?P<id>[0-9]+)';
    expect(find(template, ['.*@65'], ['owner', 'id'])).toBeUndefined();
    expect(find(template, ['octo@.*'], ['owner', 'id'])).toBeUndefined();
    expect(find(template, ['octo.*@6.*'], ['owner', 'id'])).toBe('octox@61');
  });

  it('is looked for with one character of each kind', () => {
    const budget = createSearchBudget();
    const { steps } = budget;
    expect(findText(machineOf('[a-z]'), [], [], budget)).toBe('x');
    // A letter that is taken, a word character that is not, and another character.
    expect(steps - budget.steps).toBe(3);
  });

  it('is not looked for without end', () => {
    // Each of them alone has few places, all of them together very many.
    const demands = [7, 11, 13, 17, 19].map((count) => `(?:x{${count}})+`);
    expect(find('.+', demands)).toBeUndefined();
  });
});

/** Every text of so many letters. */
function words(length: number): string[] {
  const letters = ['a', 'b', 'A', '-', ':', '.', '@', '1', 'x', ' '];
  return length === 0
    ? ['']
    : words(length - 1).flatMap((word) => letters.map((one) => word + one));
}

type WrittenRule = Omit<Parameters<typeof demandOfRoleRule>[0], 'claim'>;

describe('what a rule demands', () => {
  it('of a text, where it demands one', () => {
    expect(demandOfClaimRule({ claim: 'value', forbidden: true })).toBeUndefined();
    const { expression } = demandOfRoleRule({ claim: 'value', equals: 'a+', trimPrefix: '(' });
    expect(['(a+', '(a', '(aa'].filter((text) => matches(expression, text))).toEqual(['(a+']);
  });

  it('of a text, and whether it leaves some of it open', () => {
    const claim = 'value';
    const rules = [
      demandOfClaimRule({ claim, requiredValues: ['a'] }),
      demandOfClaimRule({ claim, pattern: 'a' }),
      demandOfRoleRule({ claim, equals: 'a' }),
      demandOfRoleRule({ claim, pattern: 'a' }),
      demandOfRoleRule({ claim, trimPrefix: 'a' }),
    ];
    expect(rules.map((rule) => rule?.isOpen)).toEqual([false, true, false, true, true]);
  });

  it('of a text is what the rule itself takes', () => {
    const rule = fc.constantFrom<WrittenRule>(
      {},
      { trimPrefix: 'a' },
      { trimSuffix: ':' },
      { trimPrefix: 'a', trimSuffix: '@' },
      { pattern: 'a|b+' },
      { pattern: '(?i)ab', trimPrefix: '-' },
      { pattern: '[^:]+', split: ':' },
      { split: '@', trimPrefix: 'a' },
      { pattern: '.*', split: '.' },
    );
    fc.assert(
      fc.property(rule, TEXT, (written, value) => {
        const rolesOf = compileRoleRules(
          [
            {
              shorten: false,
              claim: 'value',
              ...written,
              ...(written.pattern === undefined ? {} : { role: 'x' }),
            },
          ],
          RULE_TOOLS,
          (path, message) => {
            throw new Error(`${path.join('.')}: ${message}`);
          },
        );
        const demand = demandOfRoleRule({ claim: 'value', ...written }).expression;
        // An empty rest is no value, which a demand that is a pattern alone does not say.
        const isTaken = rolesOf({ value }).length > 0;
        expect([written, value, isTaken && !matches(demand, value)]).toEqual([
          written,
          value,
          false,
        ]);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it.each<
    readonly [rule: KindOfRule & { readonly split?: string }, texts: string[], others: string[]]
  >([
    [{ requiredValue: 'a.b' }, ['a.b'], ['axb', 'a.b ']],
    [{ requiredValues: ['a', 'b|c', 1] }, ['a', 'b|c'], ['b', 'c', '1', '']],
    [{ requiredValue: true }, [''], ['true']],
    [
      { requiredValue: 'psql', split: ' ' },
      ['psql', 'x psql', 'psql x', 'x psql y'],
      ['psqlx', 'x psql2'],
    ],
  ])('of %j', (rule, texts, others) => {
    const demand = demandOfClaimRule({ claim: 'value', ...rule })?.expression ?? '';
    expect(texts.filter((text) => !matches(demand, text))).toEqual([]);
    expect(others.filter((text) => matches(demand, text))).toEqual([]);
  });
});

describe('a program of the matcher that is not as expected', () => {
  const good = { op: 8, out: 1, arg: 0, runes: Int32Array.of(97, 97), matchRune: () => true };
  const real = RE2JS.compile('a');
  const compile = (prog: unknown) => () => ({
    namedGroups: () => real.namedGroups(),
    matcher: (text: string) => real.matcher(text),
    re2Input: { prog },
  });

  it('is a machine where it is', () => {
    expect(createMachine('a', compile({ start: 0, inst: [good] }))).toBeDefined();
  });

  it.each([
    undefined,
    null,
    [],
    { start: 0 },
    { inst: [good] },
    { start: '0', inst: [good] },
    { start: 0, inst: {} },
    { start: 0, inst: [good, null] },
    ...[
      { op: 12 },
      { op: '8' },
      { out: undefined },
      { arg: undefined },
      { runes: undefined },
      { runes: [97] },
      { matchRune: undefined },
      { matchRune: true },
    ].map((member) => ({ start: 0, inst: [good, { ...good, ...member }] })),
  ])('is none: %j', (prog) => {
    expect(createMachine('a', compile(prog))).toBeUndefined();
  });
});

describe('what a machine takes', () => {
  it.each([
    ['a', [1]],
    ['(?i)a', [1]],
    ['[a-c]', [3]],
    ['[a-cx]', [4]],
    ['[ax-z]', [4]],
    ['.', [0x10_ffff]],
    ['(?s).', [0x11_0000]],
    ['[^a]', [0x10_ffff]],
    ['ab', [1, 1]],
  ])('of %j is so many characters at each step: %j', (pattern, widths) => {
    expect(machineOf(pattern).all.map(({ width }) => width)).toEqual(widths);
  });

  it.each([
    ['ab', { a: [], b: [] }],
    ['a(?P<one>b(?P<two>c)d)e', { a: [], b: ['one'], c: ['one', 'two'], d: ['one'], e: [] }],
    ['(?P<one>a)(b)(?P<two>c|d)e', { a: ['one'], b: [], c: ['two'], d: ['two'], e: [] }],
    ['(?:(?P<one>a)x|(?P<two>b|cc))*y', { a: ['one'], b: ['two'], x: [], y: [] }],
  ])('of %j is in these groups', (pattern, groups) => {
    const { all } = machineOf(pattern);
    for (const [letter, names] of Object.entries(groups)) {
      const steps = all.filter(({ takes: isTaken }) => isTaken(letter.codePointAt(0)!));
      expect(steps.map((step) => [letter, step.groups])).toEqual([[letter, names]]);
    }
  });
});

describe('a text of several lines', () => {
  it.each([
    ['b(?m:^)a', 'ba', false],
    ['b(?m:$)a', 'ba', false],
    ['(?m)b\n^a$\nb', 'b\na\nb', true],
    ['(?m)a$\n^b', 'a\nb', true],
    ['(?m)^b$', 'a\nb', false],
    ['a$\n^b', 'a\nb', false],
    [String.raw`a\b\nb`, 'a\nb', true],
    [String.raw`a\B\nb`, 'a\nb', false],
  ])('is taken by %j as the matcher takes it: %j', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
    expect(takes(machineOf(pattern), text)).toBe(expected);
  });
});
