// Anything in issuers.yaml: mutated files and random YAML. Whatever it is, the outcome is a configuration or a list of
// problems, never an exception, a hang or a mountain of memory. The runs are the same each time; a counterexample names its
// path.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { findWarnings } from '../../src/lint/find-warnings.ts';
import { loadPolicy } from '../../src/policy/load-policy.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { runChecked } from '../support/run-checked.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { CERTIFICATE } from '../support/certificate.ts';

/** Printed, so that who finds something can say with what; change it to look elsewhere. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20260101);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400);

process.stdout.write(`fuzz of issuers.yaml: FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}\n`);

const EVERYTHING = `apiVersion: pgtoken/v1
protectedRoles: &roles [postgres, "pg_*"]
issuers:
- name: prod-eu
  issuer:
    url: https://k8s.example.com
    discoveryURL: https://k8s.example.com/d
    certificateAuthority: |
${CERTIFICATE.replaceAll(/^(?=.)/gm, '      ')}    audiences: [postgres, other]
    audienceMatchPolicy: MatchAny
  http: {proxyURL: http://proxy.example.com:3128, timeout: 3s, maxResponseBytes: 1MiB}
  token:
    algorithms: [RS256]
    types: [absent, JWT, at+jwt]
    allowSenderConstrained: false
    clockSkew: 30s
    maxLifetime: 24h
    maxAge: 1h
    maxBytes: 16384
    requiredClaims: [jti]
    requiredScopes: [db.login]
    boundTo: [pod]
  claimValidationRules:
  - {claim: /kubernetes.io/namespace, requiredValues: [team-a, 1, true]}
  - {claim: hd, requiredValue: example.com}
  - {claim: sub, pattern: 'system:serviceaccount:team-[a-z]+:.*'}
  - {claim: act, forbidden: true}
  roles:
  - {claim: sub, trimPrefix: "system:serviceaccount:"}
  - {claim: sub, pattern: 'x:([a-z0-9-]+)', role: 'team_a_\\1', replace: {"-": "_"}}
  - {claim: groups, equals: dba, role: [dba_ro, dba_rw]}
  - {claim: sub, shorten: true}
  allowProtectedRoles: [pg_monitor]
  deny: {subjects: [], tokenIDs: [], keyIDs: [], issuedBefore: 2026-11-01T00:00:00Z}
  oauth: {identity: email}
  pam: {services: [postgresql-k8s], sources: [10.0.0.0/8, local]}
  cache: {refreshInterval: 10m, maxStale: 24h, unknownKeyCooldown: 30s}
  review: {url: https://10.0.0.10:6443, bearerTokenFile: t, onError: deny, cacheFor: 10s, timeout: 2s}
- name: spire
  issuer: {spiffeTrustDomain: example.org, audiences: [postgres]}
  keys: {spiffeBundleURL: "https://spire.example.org", bearerTokenFile: token}
  roles: [{claim: sub}]
`;

/** The same as far as it needs no other file. */
const WITHOUT_FILES = EVERYTHING.replace(/ +certificateAuthority[^]*?END CERTIFICATE-----\n/, '');

let slowest = 0;
let largest = 0;

const MEASURE_PEAK = join(import.meta.dirname, 'measure-peak.ts');

/** What is wrong with an outcome, not with the text. */
function findFaults(parsed: ReturnType<typeof parseConfig>, lines: number): unknown[] {
  if (parsed.ok) return Array.isArray(parsed.config.issuers) ? [] : ['no list of issuers'];
  const { problems } = parsed;
  const misplaced = problems.filter(
    ({ line, column }) =>
      !Number.isSafeInteger(line) ||
      !Number.isSafeInteger(column) ||
      line < 1 ||
      line > lines + 1 ||
      column < 1,
  );
  // One line for a terminal each, whatever stood in the text.
  const unfit = problems
    .map((problem) => formatProblem('issuers.yaml', problem))
    .filter((shown) => /[\p{Cc}\u2028\u2029]/u.test(shown) || shown.length > 20_000);
  const many = problems.length === 0 || problems.length > 100 ? [problems.length] : [];
  return [...misplaced, ...unfit, ...many];
}

/** Whatever the text: one of the two outcomes, each whole. */
function examine(text: string): ReturnType<typeof parseConfig> {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const start = performance.now();
  const parsed = parseConfig(text);
  slowest = Math.max(slowest, performance.now() - start);
  const after = process.memoryUsage();
  largest = Math.max(largest, after.heapUsed + after.external - before.heapUsed - before.external);
  expect(findFaults(parsed, text.split(/\r\n|\r|\n/).length)).toEqual([]);
  return parsed;
}

afterAll(() => {
  process.stdout.write(
    `fuzz of issuers.yaml: slowest ${Math.round(slowest)} ms, most memory ${Math.round(largest / 2 ** 20)} MiB\n`,
  );
});

const check = (property: fc.IRawProperty<unknown, false>, numRuns = RUNS): void => {
  fc.assert(property, { seed: SEED, numRuns, endOnFailure: false });
  expect(largest).toBeLessThan(100 * 2 ** 20);
};

/** What upsets readers of YAML. */
const SNIPPETS = [
  '&a',
  '*a',
  '*roles',
  '<<: *roles',
  '!!binary',
  '!!str',
  '!secret',
  '!<tag:x>',
  '? ',
  ': ',
  '- ',
  '\t',
  '\u{feff}',
  '\0',
  '\u{85}',
  '\u{2028}',
  '\r',
  '\n---\n',
  '\n...\n',
  '%YAML 1.1\n---\n',
  '%TAG ! x\n',
  '|',
  '>-',
  '|2',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ',',
  '#',
  '@',
  '`',
  '~',
  'null',
  '.inf',
  '.nan',
  '0x10',
  '1e999',
  '-0',
  'yes',
  '2026-01-01',
  '__proto__: 1',
  'constructor: {}',
  'issuers: ',
  'name: a',
  '\\',
  '\\x',
  '"\\u0000"',
  '"\\ud800"',
  '\ud800',
  'é',
  '😀',
  '\u{202e}',
  '\u{1b}[2J',
  '{a: *a}',
  '[[[[[[[[',
  '{{{{{{',
  '- - - - - -',
  '? ? ? ?',
  'a: b: c',
  '\n\n  \n',
];

const position = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const mutation = fc.oneof(
  fc.record({
    kind: fc.constant('insert' as const),
    at: position,
    text: fc.constantFrom(...SNIPPETS),
  }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: position,
    text: fc.string({ unit: 'binary', maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: position, length: fc.nat(200) }),
  fc.record({
    kind: fc.constant('repeat' as const),
    at: position,
    length: fc.nat(300),
    times: fc.nat(20),
  }),
  fc.record({ kind: fc.constant('swap' as const), at: position, with: position }),
  fc.record({
    kind: fc.constant('indent' as const),
    at: position,
    by: fc.constantFrom(' ', '  ', '\t'),
  }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(text: string, change: Mutation): string {
  const at = Math.floor(change.at * text.length);
  switch (change.kind) {
    case 'insert':
      return text.slice(0, at) + change.text + text.slice(at);
    case 'cut':
      return text.slice(0, at) + text.slice(at + change.length);
    case 'repeat':
      return (
        text.slice(0, at) + text.slice(at, at + change.length).repeat(change.times) + text.slice(at)
      );
    case 'swap': {
      const lines = text.split('\n');
      const [a, b] = [change.at, change.with].map((where) => Math.floor(where * lines.length));
      [lines[a!], lines[b!]] = [lines[b!]!, lines[a!]!];
      return lines.join('\n');
    }
    case 'indent': {
      const lines = text.split('\n');
      const line = Math.floor(change.at * lines.length);
      lines[line] = change.by + lines[line]!;
      return lines.join('\n');
    }
  }
}

/** Values of every kind that YAML has, under keys that mean something and keys that do not. */
const KEYS = [
  ...new Set(EVERYTHING.match(/\b[a-z][A-Za-z]+(?=:)/g) ?? []),
  '__proto__',
  'toString',
  '',
  '<<',
  '0',
  'é',
];
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(
        null,
        true,
        false,
        0,
        -1,
        1.5,
        2 ** 53,
        Infinity,
        NaN,
        '',
        'x',
        '30s',
        '16KiB',
        'https://a.example',
      ),
      fc.string({ maxLength: 20 }),
      fc.string({ unit: 'binary', maxLength: 10 }),
      fc.integer(),
    ),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('any'), { maxKeys: 6 }),
  ),
})).any;

describe('whatever stands in issuers.yaml, it is a configuration or a list of problems:', () => {
  it('the file that everything starts from is a configuration', () => {
    expect(examine(EVERYTHING)).toMatchObject({ ok: true });
  });

  it('mutated files', () => {
    const accepted = new Set<boolean>();
    check(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (changes) => {
        accepted.add(examine(changes.reduce(mutate, EVERYTHING)).ok);
      }),
      RUNS * 3,
    );
    // Some mutations change nothing that matters, most do.
    expect(accepted).toEqual(new Set([true, false]));
  });

  it('values of every kind in every place', () => {
    check(
      fc.property(value, fc.constantFrom(...KEYS), (some, key) => {
        examine(stringify(some));
        examine(stringify({ apiVersion: 'pgtoken/v1', issuers: [{ name: 'a', [key]: some }] }));
        examine(
          stringify({
            apiVersion: 'pgtoken/v1',
            issuers: [{ token: { [key]: some }, keys: { [key]: some } }],
          }),
        );
      }),
    );
  });

  it('files, with everything that is done with them before a login', async () => {
    await using folder = await createTemporaryFolder('fuzz');
    const file = join(folder.path, 'issuers.yaml');
    const outcomes = new Set<boolean>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { maxLength: 3 }),
        fc.array(fc.tuple(position, fc.uint8Array({ maxLength: 3 })), { maxLength: 1 }),
        fc.constantFrom<BufferEncoding>('utf8', 'utf8', 'utf8', 'utf16le', 'latin1'),
        async (changes, bytes, encoding) => {
          let content = Buffer.from(changes.reduce(mutate, WITHOUT_FILES), encoding);
          for (const [where, some] of bytes) {
            const at = Math.floor(where * content.length);
            content = Buffer.concat([content.subarray(0, at), some, content.subarray(at)]);
          }
          await writeFile(file, content, { mode: 0o644 });
          const before = process.memoryUsage().heapUsed;
          const loaded = await loadPolicy(file);
          largest = Math.max(largest, process.memoryUsage().heapUsed - before);
          outcomes.add(loaded.ok);
          if (loaded.ok) await findWarnings(loaded.policy, loaded.locate);
          expect(loaded.ok || loaded.problems.length > 0).toBe(true);
        },
      ),
      { seed: SEED, numRuns: RUNS, endOnFailure: false },
    );
    expect(outcomes).toEqual(new Set([true, false]));
    expect(largest).toBeLessThan(100 * 2 ** 20);
  });

  it('any text at all', () => {
    check(fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => void examine(text)));
    check(
      fc.property(
        fc.array(fc.constantFrom(...SNIPPETS, ' ', '\n', 'a'), { maxLength: 60 }),
        (parts) => {
          examine(parts.join(''));
        },
      ),
      RUNS * 2,
    );
  });

  const MIB = 1024 * 1024;
  const bomb = Array.from(
    { length: 10 },
    (_, n) => `a${n + 1}: &a${n + 1} [${Array.from({ length: 10 }, () => `*a${n}`).join(', ')}]`,
  );
  const keys = Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n');

  const oddities: readonly (readonly [what: string, text: string])[] = [
    ['nothing', ''],
    ['white space', ' \n\t\n'],
    ['a byte order mark before a file', `\u{feff}${EVERYTHING}`],
    ['a byte order mark inside a file', EVERYTHING.replace('issuers:', '\u{feff}issuers:')],
    ['UTF-16 read as UTF-8', Buffer.from(EVERYTHING, 'utf16le').toString('latin1')],
    ['tabs for spaces', EVERYTHING.replaceAll('  ', '\t')],
    ['lines that end as on Windows', EVERYTHING.replaceAll('\n', '\r\n')],
    ['lines that end as on old Macs', EVERYTHING.replaceAll('\n', '\r')],
    ['a bomb of aliases', ['a0: &a0 [x]', ...bomb, EVERYTHING].join('\n')],
    ['an alias of itself', `${EVERYTHING}x: &x [*x]\n`],
    ['a mapping of itself', `x: &x {y: *x}\n${EVERYTHING}`],
    ['an alias of nothing', EVERYTHING.replace('[postgres, other]', '*nothing')],
    ['merges of merges', `a: &a {<<: {<<: {b: 1}}}\n<<: *a\n${EVERYTHING}`],
    ['a scalar of a megabyte', EVERYTHING.replace('prod-eu', 'x'.repeat(MIB))],
    [
      'a quoted scalar of a megabyte',
      EVERYTHING.replace('prod-eu', JSON.stringify('\u{1b}\n"'.repeat(MIB / 8))),
    ],
    ['a key of a megabyte', `${'k'.repeat(MIB)}: 1\n${EVERYTHING}`],
    ['a number of a megabyte', EVERYTHING.replace('16384', '9'.repeat(MIB))],
    [
      'a pattern of a megabyte',
      EVERYTHING.replace("'x:([a-z0-9-]+)'", `'${'(a?)'.repeat(MIB / 4)}'`),
    ],
    ['a comment of a megabyte', `#${'x'.repeat(MIB)}\n${EVERYTHING}`],
    ['twenty thousand keys', `${keys}\n${EVERYTHING}`],
    ['twenty thousand keys of one name', `${'k: 1\n'.repeat(20_000)}${EVERYTHING}`],
    [
      'twenty thousand rules',
      EVERYTHING.replace(
        '  - {claim: hd',
        `${'  - {claim: a, forbidden: true}\n'.repeat(20_000)}  - {claim: hd`,
      ),
    ],
    [
      'twenty thousand wrong rules',
      EVERYTHING.replace('  - {claim: hd', `${'  - {claim: 1}\n'.repeat(20_000)}  - {claim: hd`),
    ],
    [
      'twenty thousand subjects',
      EVERYTHING.replace(
        'subjects: []',
        `subjects: [${Array.from({ length: 20_000 }, (_, n) => `s${n}`).join(', ')}]`,
      ),
    ],
    [
      'one subject twenty thousand times',
      EVERYTHING.replace('subjects: []', `subjects: [${'s, '.repeat(20_000)}]`),
    ],
    ['a hundred thousand brackets', '['.repeat(100_000)],
    ['a hundred thousand braces', '{a: '.repeat(100_000)],
    ['a hundred thousand dashes', '- '.repeat(100_000)],
    ['a hundred thousand question marks', '? '.repeat(100_000)],
    ['deep indentation', Array.from({ length: 1000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    [
      'deep nesting where a value is wanted',
      EVERYTHING.replace('[pod]', '['.repeat(500) + ']'.repeat(500)),
    ],
    ['a hundred thousand documents', '---\n'.repeat(100_000)],
    [
      'a hundred thousand anchors',
      Array.from({ length: 100_000 }, (_, n) => `- &a${n}`).join('\n'),
    ],
    ['directives', `%YAML 9.9\n%TAG !x! tag:x,2026:\n---\n${EVERYTHING}`],
    ['a binary value', EVERYTHING.replace('prod-eu', '!!binary AAAA')],
    ['a set and an ordered map', `a: !!set {x, y}\nb: !!omap [x: 1]\n${EVERYTHING}`],
    ['keys that are no text', `? [a, b]\n: 1\n? {c: d}\n: 2\n1: 3\nnull: 4\n${EVERYTHING}`],
    ['names of JavaScript', `__proto__: {a: 1}\nconstructor: 1\ntoString: 2\n${EVERYTHING}`],
  ];
  it.each(oddities)('%s', (_what, text) => {
    examine(text);
    expect(largest).toBeLessThan(100 * 2 ** 20);
  });

  /** Nearly as many values as are looked at, of the shapes that take most. */
  const crowds: readonly (readonly [what: string, text: string])[] = [
    ['keys', `${Array.from({ length: 7000 }, (_, n) => `k${n}: 1`).join('\n')}\n${EVERYTHING}`],
    ['keys of one name', `${'k: 1\n'.repeat(7000)}${EVERYTHING}`],
    ['rules', withRules('{claim: a, forbidden: true}', 2400)],
    ['wrong rules', withRules('{claim: 1}', 3600)],
    ['rules with an unknown key', withRules('{a: 1}', 3600)],
    ['subjects', withSubjects(Array.from({ length: 14_000 }, (_, n) => `s${n}`))],
    ['subjects of one name', withSubjects(Array.from({ length: 14_000 }, () => 's'))],
  ];

  it.each(crowds)('thousands of %s, in 100 MiB at any moment', async (_what, text) => {
    const parsed = examine(text);
    expect(parsed.ok ? [] : parsed.problems.map(({ message }) => message)).not.toContain(
      'Invalid YAML: over 15000 values; expected at most that',
    );
    const peak = Number(await runChecked(process.execPath, [MEASURE_PEAK], { stdin: text }));
    expect(peak).toBeGreaterThan(MIB);
    expect(peak).toBeLessThan(100 * MIB);
  });
});

function withRules(rule: string, count: number): string {
  return EVERYTHING.replace('  - {claim: hd', `${`  - ${rule}\n`.repeat(count)}  - {claim: hd`);
}

function withSubjects(subjects: readonly string[]): string {
  return EVERYTHING.replace('subjects: []', `subjects: [${subjects.join(', ')}]`);
}
