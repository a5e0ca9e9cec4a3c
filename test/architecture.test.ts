// What the folders of src may know of each other, and what no file in it may do. The rules are held against the sources,
// and against a made-up tree that breaks every one of them.
import { glob, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

import { parseSync, Visitor } from 'rolldown/utils';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..', 'src');

/** What lies at the top of src: known to everybody, and knowing nobody. */
const TOP = '';

/** Each folder with the folders it may import from; its own is among them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  [TOP]: [],
  config: [TOP],
  keys: [TOP, 'config'],
  verify: [TOP, 'config'],
  roles: [TOP, 'config'],
  migrate: [TOP, 'config'],
  issuers: [TOP, 'config', 'keys'],
  authorize: [TOP, 'config', 'keys', 'verify', 'roles', 'issuers'],
  // It knows how decisions are told, and nothing of how they are made.
  protocol: ['errors.ts'],
  log: [TOP, 'config', 'authorize'],
  daemon: [TOP, 'config', 'keys', 'verify', 'roles', 'issuers', 'authorize', 'protocol', 'log'],
  doctor: [TOP, 'config', 'keys', 'roles', 'issuers', 'authorize', 'protocol'],
  cli: [
    TOP,
    'config',
    'keys',
    'verify',
    'roles',
    'issuers',
    'authorize',
    'protocol',
    'log',
    'daemon',
    'doctor',
    'migrate',
  ],
};

/** Folders of code that touches nothing outside of itself: no network, no disk, no process and no clock of its own. */
const PURE = ['verify', 'roles', 'migrate'];
const OUTSIDE =
  /^(?:node:)?(?:fs|net|tls|dns|dgram|http|https|http2|child_process|worker_threads|process|os)(?:\/|$)|^undici$/;

/** Folders that may write to a log, the console or a standard stream. */
const MAY_WRITE = ['cli', 'daemon', 'log'];

interface Import {
  readonly from: string;
  /** Whether anything of it is there when the program runs. */
  readonly isValue: boolean;
}

interface Source {
  readonly imports: readonly Import[];
  /** What it does that some or all files must not, in a few words. */
  readonly doings: ReadonlySet<string>;
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : TOP;
}

function readSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const imports: Import[] = [];
  const doings = new Set<string>();
  const importsFrom = (source: unknown, isValue: boolean): void => {
    const literal =
      typeof source === 'object' && source !== null && 'value' in source ? source.value : undefined;
    if (typeof literal === 'string') imports.push({ from: literal, isValue });
    else doings.add('imports what it computes');
  };
  new Visitor({
    ImportDeclaration: (node) => {
      const onlyTypes = node.specifiers.every(
        (one) => one.type === 'ImportSpecifier' && one.importKind === 'type',
      );
      const isType = node.importKind === 'type' || (node.specifiers.length > 0 && onlyTypes);
      importsFrom(node.source, !isType);
    },
    ImportExpression: (node) => {
      importsFrom(node.source, true);
    },
    ExportAllDeclaration: (node) => {
      importsFrom(node.source, node.exportKind !== 'type');
    },
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) importsFrom(node.source, node.exportKind !== 'type');
    },
    TSImportType: (node) => {
      importsFrom(node.source, false);
    },
    ExportDefaultDeclaration: () => {
      doings.add('has a default export');
    },
    TSEnumDeclaration: () => {
      doings.add('declares an enum');
    },
    TSAnyKeyword: () => {
      doings.add('uses any');
    },
    NewExpression: ({ callee, arguments: given }) => {
      if (callee.type === 'Identifier' && callee.name === 'Date' && given.length === 0) {
        doings.add('reads the clock');
      }
    },
    CallExpression: ({ callee, arguments: [first] }) => {
      const name = callee.type === 'Identifier' ? callee.name : '';
      const toStream = first?.type === 'Literal' && (first.value === 1 || first.value === 2);
      if (/^write(?:File)?Sync$/.test(name) && toStream) doings.add('writes to a standard stream');
      if (name === 'Date') doings.add('reads the clock');
      if (name === 'require') doings.add('calls require');
    },
    Identifier: ({ name }) => {
      if (name === 'process' || name === 'performance' || name === 'systemClock') {
        doings.add(`knows ${name}`);
      }
      if (name === 'console') doings.add('writes to the console');
    },
    MemberExpression: ({ object, property }) => {
      const member =
        object.type === 'Identifier' && property.type === 'Identifier'
          ? `${object.name}.${property.name}`
          : '';
      if (member === 'Date.now') doings.add('reads the clock');
      if (/^process\.(?:stdout|stderr)$/.test(member)) doings.add('writes to a standard stream');
    },
  }).visit(program);
  if (comments[0]?.start !== 0)
    doings.add('does not begin with a comment that says what it is for');
  return { imports, doings };
}

/** Where an import leads: a path in src, or the name of a module. */
function resolve(path: string, from: string): string {
  return from.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), from)) : from;
}

/** Everything that is there when a file runs, with the way to it. */
function* reach(
  path: string,
  sources: ReadonlyMap<string, Source>,
  way: readonly string[] = [],
): Generator<readonly string[]> {
  if (way.includes(path)) return;
  const next = [...way, path];
  yield next;
  for (const { from, isValue } of sources.get(path)?.imports ?? []) {
    if (isValue) yield* reach(resolve(path, from), sources, next);
  }
}

const NEVER = [
  'imports what it computes',
  'calls require',
  'has a default export',
  'declares an enum',
  'uses any',
  'does not begin with a comment that says what it is for',
];
const NEVER_WHERE_PURE = [
  'reads the clock',
  'knows process',
  'knows performance',
  'knows systemClock',
];
const NEVER_BELOW = ['writes to the console', 'writes to a standard stream'];

/** Every rule that a tree of sources breaks, as `file: what`. */
function findViolations(texts: ReadonlyMap<string, string>): string[] {
  const sources = new Map([...texts].map(([path, text]) => [path, readSource(path, text)]));
  const violations = new Set<string>();
  for (const [path, { imports, doings }] of sources) {
    const folder = folderOf(path);
    const allowed = MAY_IMPORT[folder];
    if (allowed === undefined) {
      violations.add(`${path}: ${folder} is no folder that this test knows`);
      continue;
    }
    for (const { from } of imports) {
      const target = resolve(path, from);
      if (!from.startsWith('.')) {
        if (from === 'pino' && !MAY_WRITE.includes(folder)) violations.add(`${path}: imports pino`);
      } else if (target === '../package.json') {
        if (folder !== 'cli') violations.add(`${path}: imports package.json`);
      } else if (!sources.has(target)) {
        violations.add(`${path}: imports ${target}, which is not in src`);
      } else if (
        folderOf(target) !== folder &&
        !allowed.includes(folderOf(target)) &&
        !allowed.includes(target)
      ) {
        violations.add(`${path}: imports ${target}`);
      }
    }
    const forbidden = [
      ...NEVER,
      ...(PURE.includes(folder) ? NEVER_WHERE_PURE : []),
      ...(MAY_WRITE.includes(folder) ? [] : NEVER_BELOW),
    ];
    for (const doing of forbidden.filter((one) => doings.has(one))) {
      violations.add(`${path}: ${doing}`);
    }
    if (PURE.includes(folder)) {
      for (const way of reach(path, sources)) {
        if (OUTSIDE.test(way.at(-1) ?? ''))
          violations.add(`${path}: reaches ${way.slice(1).join(', ')}`);
      }
    }
  }
  return [...violations];
}

async function readTree(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for await (const path of glob('**/*.ts', { cwd: SRC })) {
    texts.set(path, await readFile(join(SRC, path), 'utf8'));
  }
  return texts;
}

describe('the sources', () => {
  it('break none of the rules', async () => {
    expect(findViolations(await readTree())).toEqual([]);
  });

  it('are all there, in every folder', async () => {
    const paths = [...(await readTree()).keys()];
    expect(new Set(paths.map(folderOf))).toEqual(new Set(Object.keys(MAY_IMPORT)));
    expect(paths).toContain('authorize/authorize.ts');
  });
});

describe('a rule', () => {
  const GOOD: Readonly<Record<string, string>> = {
    'errors.ts': '// x\nexport const a = 1;\n',
    'clock.ts': '// x\nexport const systemClock = () => Date.now();\n',
    'config/schema.ts': "// x\nimport { a } from '../errors.ts';\nexport const b = a;\n",
    'config/files.ts': "// x\nimport { readFileSync } from 'node:fs';\nexport { readFileSync };\n",
    'keys/keys.ts': "// x\nimport { b } from '../config/schema.ts';\nexport const c = b;\n",
    'issuers/fetch.ts': "// x\nimport { c } from '../keys/keys.ts';\nexport const d = c;\n",
    'verify/verify.ts':
      "// x\nimport type { readFileSync } from '../config/files.ts';\nexport const e: typeof readFileSync | Date = new Date(0);\n",
    'roles/roles.ts': "// x\nimport { b } from '../config/schema.ts';\nexport const f = b;\n",
    'migrate/migrate.ts': "// x\nimport { b } from '../config/schema.ts';\nexport const k = b;\n",
    'doctor/check.ts': "// x\nimport { b } from '../config/schema.ts';\nexport const l = b;\n",
    'authorize/authorize.ts':
      "// x\nimport { e } from '../verify/verify.ts';\nexport const g = [e, () => import('../issuers/fetch.ts')];\n",
    'protocol/reply.ts': "// x\nimport { a } from '../errors.ts';\nexport const h = a;\n",
    'log/log.ts': "// x\nimport { pino } from 'pino';\nexport const i = pino;\n",
    'daemon/daemon.ts':
      "// x\nimport { g } from '../authorize/authorize.ts';\nexport const j = g;\n",
    'cli/main.ts':
      "// x\nimport { j } from '../daemon/daemon.ts';\nimport json from '../../package.json' with { type: 'json' };\nconsole.log(j, json, process.stderr);\n",
  };
  const violationsWith = (files: Readonly<Record<string, string>>): string[] =>
    findViolations(new Map(Object.entries({ ...GOOD, ...files })));

  it('is not broken by a tree that keeps them all', () => {
    expect(violationsWith({})).toEqual([]);
  });

  it.each<readonly [file: string, text: string, ...violations: string[]]>([
    [
      'errors.ts',
      "import '../src/config/schema/schema.ts';",
      'imports ../src/config/schema/schema.ts, which is not in src',
    ],
    ['errors.ts', "import './config/schema.ts';", 'imports config/schema.ts'],
    ['config/x.ts', "import '../keys/keys.ts';", 'imports keys/keys.ts'],
    [
      'config/x.ts',
      "import type { c } from '../keys/keys.ts';\nexport type T = typeof c;",
      'imports keys/keys.ts',
    ],
    ['config/x.ts', "export * from '../authorize/authorize.ts';", 'imports authorize/authorize.ts'],
    ['config/x.ts', "export { c } from '../keys/keys.ts';", 'imports keys/keys.ts'],
    ['config/x.ts', "export const x = () => import('../cli/main.ts');", 'imports cli/main.ts'],
    ['config/x.ts', "export type T = import('../keys/keys.ts').T;", 'imports keys/keys.ts'],
    ['keys/x.ts', "import '../issuers/fetch.ts';", 'imports issuers/fetch.ts'],
    ['keys/x.ts', "import '../verify/verify.ts';", 'imports verify/verify.ts'],
    ['verify/x.ts', "import '../keys/keys.ts';", 'imports keys/keys.ts'],
    ['roles/x.ts', "import '../verify/verify.ts';", 'imports verify/verify.ts'],
    ['issuers/x.ts', "import '../roles/roles.ts';", 'imports roles/roles.ts'],
    ['migrate/x.ts', "import '../roles/roles.ts';", 'imports roles/roles.ts'],
    ['authorize/x.ts', "import '../migrate/migrate.ts';", 'imports migrate/migrate.ts'],
    ['authorize/x.ts', "import '../doctor/check.ts';", 'imports doctor/check.ts'],
    ['doctor/x.ts', "import '../daemon/daemon.ts';", 'imports daemon/daemon.ts'],
    ['authorize/x.ts', "import '../protocol/reply.ts';", 'imports protocol/reply.ts'],
    ['authorize/x.ts', "import '../log/log.ts';", 'imports log/log.ts'],
    ['protocol/x.ts', "import '../clock.ts';", 'imports clock.ts'],
    ['protocol/x.ts', "import '../authorize/authorize.ts';", 'imports authorize/authorize.ts'],
    ['log/x.ts', "import '../daemon/daemon.ts';", 'imports daemon/daemon.ts'],
    ['daemon/x.ts', "import '../cli/main.ts';", 'imports cli/main.ts'],
    [
      'daemon/x.ts',
      "import json from '../../package.json' with { type: 'json' };\nexport { json };",
      'imports package.json',
    ],
    ['cli/x.ts', "import '../../test/x.ts';", 'imports ../test/x.ts, which is not in src'],
    ['utilities/x.ts', '', 'utilities is no folder that this test knows'],

    ['verify/x.ts', "import 'node:fs';", 'reaches node:fs'],
    ['verify/x.ts', "import 'fs/promises';", 'reaches fs/promises'],
    ['roles/x.ts', "import 'node:https';", 'reaches node:https'],
    ['migrate/x.ts', "import 'node:child_process';", 'reaches node:child_process'],
    ['roles/x.ts', "export const x = () => import('undici');", 'reaches undici'],
    ['verify/x.ts', "import '../config/files.ts';", 'reaches config/files.ts, node:fs'],
    ['verify/x.ts', 'export const x = Date.now();', 'reads the clock'],
    ['verify/x.ts', 'export const x = new Date();', 'reads the clock'],
    ['roles/x.ts', 'export const x = Date();', 'reads the clock'],
    ['roles/x.ts', 'export const x = performance.now();', 'knows performance'],
    ['roles/x.ts', 'export const x = process.env;', 'knows process'],
    [
      'verify/x.ts',
      "import { systemClock } from '../clock.ts';\nexport { systemClock };",
      'knows systemClock',
    ],

    [
      'authorize/x.ts',
      "import type { Logger } from 'pino';\nexport type T = Logger;",
      'imports pino',
    ],
    ['keys/x.ts', "console.error('x');", 'writes to the console'],
    ['config/x.ts', 'globalThis.console.log(1);', 'writes to the console'],
    ['authorize/x.ts', "process.stderr.write('x');", 'writes to a standard stream'],
    [
      'keys/x.ts',
      "import { writeSync } from 'node:fs';\nwriteSync(2, 'x');",
      'writes to a standard stream',
    ],
    [
      'issuers/x.ts',
      'const { stdout } = process;\nexport const x = process.stdout ?? stdout;',
      'writes to a standard stream',
    ],

    ['config/x.ts', 'export default 1;', 'has a default export'],
    ['config/x.ts', 'export enum E { A }', 'declares an enum'],
    ['config/x.ts', 'export const x: any = 1;', 'uses any'],
    ['config/x.ts', 'export const x = new Map<string, any[]>();', 'uses any'],
    ['config/x.ts', 'export const x = (name: string) => import(name);', 'imports what it computes'],
    ['cli/x.ts', "export const x = require('node:fs');", 'calls require'],
  ])('is broken by %s: %s', (file, text, ...violations) => {
    expect(violationsWith({ [file]: `// x\n${text}\n` })).toEqual(
      violations.map((violation) => `${file}: ${violation}`),
    );
  });

  it('is broken by a file that does not say what it is for', () => {
    for (const text of ['export const x = 1;\n', '\n// late\nexport const x = 1;\n', '']) {
      expect(violationsWith({ 'config/x.ts': text })).toEqual([
        'config/x.ts: does not begin with a comment that says what it is for',
      ]);
    }
    expect(violationsWith({ 'config/x.ts': '/* x */\nexport const x = 1;\n' })).toEqual([]);
  });

  it('is not broken by words in texts and comments', () => {
    const text =
      '// console, any, enum\nexport const x = \'Date.now() process.stderr import("node:fs")\';\n';
    expect(violationsWith({ 'verify/x.ts': text })).toEqual([]);
  });
});
