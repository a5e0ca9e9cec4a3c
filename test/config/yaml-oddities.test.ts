// What YAML can do beside writing down a configuration: always a list of problems or a configuration, never an exception,
// and nothing that is silently passed over.
import { describe, expect, it } from 'vitest';

import { parseConfig } from '../../src/config/parse-config.ts';
import { MINIMAL, problemsOf, withLine, withMore } from './problems-of.ts';

const RULE_LINE = '  - claim: sub';
const AUDIENCE_LINE = '    audiences: [postgres]';

describe('a text that is no configuration', () => {
  it.each(['', '# nothing\n', 'null\n'])('gets advice where it is empty: %j', (text) => {
    const parsed = parseConfig(text);
    expect(parsed.ok ? [] : parsed.problems.map(({ hint }) => hint)).toEqual([
      'The file is empty, or has comments alone: docs/reference/configuration.md has the common case, packaging/examples the providers.',
    ]);
  });

  it.each([
    ['an empty file', '', '1:1: Required value: expected a mapping'],
    ['a file with nothing but a comment', '# nothing\n', '1:1: Required value: expected a mapping'],
    ['null', 'null\n', '1:1: Required value: expected a mapping'],
    ['a text', 'hello\n', '1:1: Invalid type: expected a mapping, got text "hello"'],
    ['a number', '42\n', '1:1: Invalid type: expected a mapping, got number 42'],
    ['a list', '- apiVersion\n', '1:1: Invalid type: expected a mapping, got a list'],
    [
      'a second document',
      `${MINIMAL}---\n${MINIMAL}`,
      '9:1: Invalid YAML: a second document begins here; expected only one',
    ],
    [
      'an empty second document',
      `${MINIMAL}...\n---\n`,
      '10:1: Invalid YAML: a second document begins here; expected only one',
    ],
    [
      'tabs for indentation',
      withLine(AUDIENCE_LINE, '\t audiences: [postgres]'),
      '6:1: Invalid YAML: Tabs are not allowed as indentation',
    ],
    [
      'a key twice in one mapping',
      withLine(AUDIENCE_LINE, AUDIENCE_LINE, '    audiences: [vault]'),
      '7:5: Duplicate value: key "audiences" stands twice in the same mapping',
    ],
    [
      'a key twice in a mapping in braces',
      withMore('  http: {timeout: 1s, timeout: 2s}'),
      '9:23: Duplicate value: key "timeout" stands twice in the same mapping',
    ],
    [
      'a key twice, once in quotes',
      `${MINIMAL}"apiVersion": pgtoken/v1\n`,
      '9:1: Duplicate value: key "apiVersion" stands twice in the same mapping',
    ],
    [
      'a tag that means nothing here',
      withLine(AUDIENCE_LINE, '    audiences: [!env POSTGRES_AUDIENCE]'),
      '6:17: Invalid YAML: Unresolved tag: !env',
    ],
    [
      'an alias without an anchor',
      withLine(AUDIENCE_LINE, '    audiences: *nothing'),
      '1:1: Invalid YAML: Unresolved alias (the anchor must be set before the alias): nothing',
    ],
    [
      'an alias that a terminal would obey',
      withLine(AUDIENCE_LINE, '    audiences: *e\u{1b}31m'),
      String.raw`1:1: Invalid YAML: Unresolved alias (the anchor must be set before the alias): e\u001b31m`,
    ],
    [
      'an anchor of its own alias',
      '&a *a\n',
      '1:4: Invalid YAML: An alias node must not specify any properties',
    ],
    [
      'a list as key',
      `? [a, b]\n: c\n${MINIMAL}`,
      '1:3: Invalid YAML: With stringKeys, all keys must be strings',
    ],
    [
      'a number as key',
      `1: a\n${MINIMAL}`,
      '1:1: 1: Unknown field, known here: apiVersion, issuers, protectedRoles, servers',
    ],
    [
      'nothing as key',
      `? \n: a\n${MINIMAL}`,
      '1:3: "": Unknown field, known here: apiVersion, issuers, protectedRoles, servers',
    ],
    [
      '__proto__ as key at the top',
      `__proto__: {apiVersion: pgtoken/v1}\n${MINIMAL}`,
      '1:1: __proto__: Unknown field, known here: apiVersion, issuers, protectedRoles, servers',
    ],
    [
      '__proto__ as key further down',
      withMore('  token: {__proto__: {maxLifetime: 3650d}}'),
      '9:11: issuers[0].token.__proto__: Unknown field, known here: algorithms, allowSenderConstrained, boundTo, clockSkew, maxAge, maxBytes, maxLifetime, requiredClaims, requiredScopes, types',
    ],
    [
      'constructor as key',
      `constructor: {}\n${MINIMAL}`,
      '1:1: constructor: Unknown field, known here: apiVersion, issuers, protectedRoles, servers',
    ],
    [
      'a merge key',
      withMore('  - claim: groups', '    <<: {trimPrefix: x}'),
      '10:5: issuers[0].roles[1]."<<": Invalid key: merge keys ("<<") are not supported',
    ],
    [
      'an alias to what is around it',
      withLine('apiVersion: pgtoken/v1', 'apiVersion: &loop [*loop]'),
      '1:1: apiVersion: Unsupported value: a value that contains itself: must be "pgtoken/v1"',
    ],
    [
      'an alias to a mapping around it',
      withLine(AUDIENCE_LINE, AUDIENCE_LINE, '    audienceMatchPolicy: &loop {x: *loop}'),
      '7:5: issuers[0].issuer.audienceMatchPolicy: Unsupported value: a value that contains itself: must be one of "MatchAny", "MatchExact"',
    ],
    [
      'a list of itself',
      `protectedRoles: &loop [*loop]\n${MINIMAL}`,
      '1:24: protectedRoles[0]: Invalid type: expected text, got a list',
    ],
    [
      'a set',
      withLine(AUDIENCE_LINE, '    audiences: !!set {postgres}'),
      '6:5: issuers[0].issuer.audiences: Invalid type: expected a list of audiences, such as [postgres], got a mapping',
    ],
    [
      'binary data',
      withLine(AUDIENCE_LINE, '    audiences: [!!binary cG9zdGdyZXM=]'),
      '6:26: issuers[0].issuer.audiences[0]: Invalid type: expected text, got a mapping',
    ],
    [
      'a time',
      withLine(AUDIENCE_LINE, '    audiences: [!!timestamp 2026-01-01]'),
      '6:29: issuers[0].issuer.audiences[0]: Invalid type: expected text, got a mapping',
    ],
    [
      'an unclosed quote',
      withLine(AUDIENCE_LINE, '    audiences: ["postgres]'),
      expect.stringMatching(/^\d+:\d+: Invalid YAML: Missing closing "quote$/),
    ],
    [
      'an unclosed list',
      withLine(AUDIENCE_LINE, '    audiences: [postgres'),
      expect.stringMatching(/^\d+:\d+: Invalid YAML: /),
    ],
  ])('is reported: %s', (_what, text, problem) => {
    const [first, ...more] = problemsOf(text).map((line) => line.replace(/^issuers\.yaml:/, ''));
    expect(first).toEqual(problem);
    // A text that is not even a mapping lacks everything; one that is broken may be so in several places.
    expect(more.filter((line) => !/Required value|Invalid YAML/.test(line))).toEqual([]);
  });

  it.each([
    [
      'a text that ends with a colon',
      withLine(RULE_LINE, RULE_LINE, '    trimPrefix: system:serviceaccount:'),
      'A text that ends with ":", or has ": " in it, stands in quotes ("system:serviceaccount:"); or else the indentation is wrong.',
    ],
    [
      'the same in braces',
      withLine(RULE_LINE, '  - {claim: sub, trimPrefix: system:serviceaccount:}'),
      'A text that ends with ":", or has ": " in it, stands in quotes ("system:serviceaccount:"); or else the indentation is wrong.',
    ],
    ['tabs', withLine(RULE_LINE, '\t- claim: sub'), 'Indent with spaces.'],
    [
      'a backslash in double quotes',
      withLine(RULE_LINE, RULE_LINE, '    pattern: "a\\d+"'),
      'Write it in single quotes, in which a backslash is a backslash.',
    ],
    [
      'a line that is not below those before it',
      withLine(RULE_LINE, RULE_LINE, '   trimPrefix: a'),
      'Compare the indentation with that of the lines above, and look for a missing ":" or quote.',
    ],
    [
      'a tag',
      withLine(AUDIENCE_LINE, '    audiences: [!secret postgres]'),
      'Put texts with special characters into single quotes.',
    ],
    [
      'a character that is reserved',
      withLine(AUDIENCE_LINE, '    audiences: [@postgres]'),
      'Put texts with special characters into single quotes.',
    ],
  ])('gets advice: %s', (_what, text, hint) => {
    const parsed = parseConfig(text);
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.hint)).toContain(hint);
  });

  it('that blows up through aliases is refused before it does', () => {
    const text = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
      .map((name, index, names) => {
        const item = index === 0 ? 'x' : `*${names[index - 1]}`;
        return `${name}: &${name} [${Array.from({ length: 9 }, () => item).join(', ')}]\n`;
      })
      .join('');
    expect(problemsOf(text)).toEqual([
      'issuers.yaml:1:1: Invalid YAML: Excessive alias count indicates a resource exhaustion attack',
    ]);
  });

  it.each([
    ['lists in brackets', `apiVersion: ${'['.repeat(14_000)}${']'.repeat(14_000)}\n`],
    ['mappings in braces', `apiVersion: ${'{a: '.repeat(7000)}${'}'.repeat(7000)}\n`],
    ['lists in a line', `apiVersion:\n  ${'- '.repeat(14_000)}a\n`],
    ['indented mappings', Array.from({ length: 3000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['unclosed lists', `apiVersion: ${'['.repeat(14_000)}\n`],
  ])('that is nested too deeply is refused: %s', (_what, text) => {
    const problems = problemsOf(text);
    expect(problems).toContainEqual(
      expect.stringMatching(/^issuers\.yaml:\d+:\d+: Invalid YAML: nested too deeply$/),
    );
    expect(problems.length).toBeLessThan(5);
  });

  it('never throws for what is nested less deeply, whatever the depth', () => {
    for (let depth = 1; depth < 2500; depth += 241) {
      for (const text of [
        `apiVersion: ${'['.repeat(depth)}${']'.repeat(depth)}\n`,
        `protectedRoles: ${'[{a: '.repeat(depth)}${'}]'.repeat(depth)}\n`,
      ]) {
        expect(problemsOf(text)).not.toEqual([]);
      }
    }
  });

  it('never throws for a configuration that was cut or garbled here or there', () => {
    const garble = ['', '\0', '\t', ':', '&', '*', '!', '%', '{', '"', '\u{1f600}', '\u{d800}'];
    const outcomes = new Set<string>();
    for (let index = 0; index < MINIMAL.length; index += 3) {
      for (const character of garble) {
        const before = MINIMAL.slice(0, index) + character;
        for (const text of [before, before + MINIMAL.slice(index + 1)]) {
          const parsed = parseConfig(text);
          outcomes.add(parsed.ok ? 'ok' : `${Math.min(1, parsed.problems.length)} problem`);
        }
      }
    }
    // Some are still configurations, with another name or audience; none is refused without saying why.
    expect(outcomes).toEqual(new Set(['ok', '1 problem']));
  });
});

describe('a configuration', () => {
  const minimal = parseConfig(MINIMAL);
  const configuration = minimal.ok ? minimal.config : undefined;

  it.each([
    ['with a byte order mark', `\u{FEFF}${MINIMAL}`],
    ['with DOS line breaks', MINIMAL.replaceAll('\n', '\r\n')],
    ['without a line break at its end', MINIMAL.trimEnd()],
    ['with comments', MINIMAL.replaceAll('\n', ' # a comment\n')],
    ['behind three dashes', `---\n${MINIMAL}`],
    ['with an end mark', `${MINIMAL}...\n`],
    [
      'with an anchor and an alias',
      MINIMAL.replace('homelab', '&n homelab').replace('sub', '"sub"'),
    ],
    [
      'as JSON',
      JSON.stringify({
        apiVersion: 'pgtoken/v1',
        issuers: [
          {
            name: 'homelab',
            issuer: { url: 'https://k8s.example.com', audiences: ['postgres'] },
            roles: [{ claim: 'sub' }],
          },
        ],
      }),
    ],
  ])('is the same %s', (_how, text) => {
    expect(configuration).toBeDefined();
    const parsed = parseConfig(text);
    expect(parsed.ok ? parsed.config : parsed.problems).toEqual(configuration);
  });

  it('may say something once and mean it twice', () => {
    const parsed = parseConfig(
      MINIMAL.replace('[postgres]', '&audiences [postgres]') +
        '- {name: b, issuer: {url: "https://b.example.com", audiences: *audiences}, roles: [{claim: sub}]}\n',
    );
    expect(parsed.ok && parsed.config.issuers.map((entry) => entry.issuer.audiences)).toEqual([
      ['postgres'],
      ['postgres'],
    ]);
  });
});
