// What the folders of src may know of each other, and what no file in it may do. The rules are held against the sources,
// and against a made-up tree that breaks every one of them.
import { readFileSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..', 'src');

/** What lies at the top of src: known to everybody, and knowing nobody. */
const TOP = '';

/** The most files of a folder that are its own. */
const MAX_FILES = 14;

/** The rooms as src/README.md has them. */
interface Rooms {
  /** Each room with the others that it may import from. */
  readonly mayImport: ReadonlyMap<string, readonly string[]>;
  /** The folders inside of rooms. */
  readonly folders: readonly string[];
}

const README = readFileSync(join(SRC, 'README.md'), 'utf8');
const ROOMS = readRooms(README);

function readRooms(text: string): Rooms {
  const mayImport = new Map<string, readonly string[]>([[TOP, []]]);
  const folders: string[] = [];
  for (const [, path = '', rest = ''] of text.matchAll(/^\| `([a-z/-]+)\/` \|(.*)\|$/gm)) {
    const [, imports] = rest.split('|');
    if (imports === undefined) folders.push(path);
    else
      mayImport.set(
        path,
        imports.split(',').flatMap((one) => one.trim() || []),
      );
  }
  return { mayImport, folders };
}

/** Folders of code that touches nothing outside of itself: no network, no disk, no process and no clock of its own. */
const PURE = ['claims', 'verify', 'roles', 'review', 'migrate', 'decide'];
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
    const allowed = ROOMS.mayImport.get(folder);
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
        folderOf(target) !== TOP &&
        !allowed.includes(folderOf(target))
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
  for (const circle of findCircles(sources)) violations.add(`${circle.join(' -> ')}: a circle`);
  for (const [folder, files] of Map.groupBy(sources.keys(), posix.dirname)) {
    if (folder.includes('/') && !ROOMS.folders.includes(folder)) {
      violations.add(`${folder}: is not in src/README.md`);
    }
    if (files.length > MAX_FILES) violations.add(`${folder}: ${files.length} files`);
  }
  return [...violations];
}

/** The circles of imports, of types too, each from its first file on in the order of the alphabet. */
function findCircles(sources: ReadonlyMap<string, Source>): (readonly string[])[] {
  const circles: (readonly string[])[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at !== -1) {
      circles.push([...way.slice(at), path]);
      return;
    }
    if (done.has(path)) return;
    for (const { from } of sources.get(path)?.imports ?? []) {
      const target = resolve(path, from);
      if (sources.has(target)) visit(target, [...way, path]);
    }
    done.add(path);
  };
  for (const path of [...sources.keys()].toSorted()) visit(path, []);
  return circles;
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
    expect(new Set(paths.map(folderOf))).toEqual(new Set(ROOMS.mayImport.keys()));
    expect(paths).toContain('decide/authorize.ts');
  });
});

describe('src/README.md', () => {
  it('has the folders that there are, and no other', async () => {
    const folders = new Set([...(await readTree()).keys()].map(posix.dirname));
    const inside = [...folders].filter((folder) => folder.includes('/'));
    expect(ROOMS.folders.toSorted()).toEqual(inside.toSorted());
  });

  it('lets rooms import in one direction alone', () => {
    const above = (room: string, way: readonly string[]): void => {
      expect(way).not.toContain(room);
      for (const one of ROOMS.mayImport.get(room) ?? ['a room that is none']) {
        expect([...ROOMS.mayImport.keys()]).toContain(one);
        above(one, [...way, room]);
      }
    };
    for (const room of ROOMS.mayImport.keys()) above(room, []);
  });

  it('permits no import that nobody makes', async () => {
    const used = new Set<string>();
    for (const [path, text] of await readTree()) {
      for (const { from } of readSource(path, text).imports) {
        used.add(`${folderOf(path)} imports ${folderOf(resolve(path, from))}`);
      }
    }
    const permitted = [...ROOMS.mayImport].flatMap(([room, others]) =>
      others.map((other) => `${room} imports ${other}`),
    );
    expect(permitted.filter((one) => !used.has(one))).toEqual([]);
  });
});

describe('a rule', () => {
  const GOOD: Readonly<Record<string, string>> = {
    'errors.ts': '// x\nexport const a = 1;\n',
    'clock.ts': '// x\nexport const systemClock = () => Date.now();\n',
    'config/schema.ts': "// x\nimport { a } from '../errors.ts';\nexport const b = a;\n",
    'config/files.ts': "// x\nimport { readFileSync } from 'node:fs';\nexport { readFileSync };\n",
    'values/values.ts': "// x\nimport { a } from '../errors.ts';\nexport const n = a;\n",
    'keys/keys.ts': "// x\nimport { n } from '../values/values.ts';\nexport const c = n;\n",
    'issuers/fetch.ts': "// x\nimport { c } from '../keys/keys.ts';\nexport const d = c;\n",
    'verify/verify.ts':
      "// x\nimport type { readFileSync } from '../config/files.ts';\nexport const e: typeof readFileSync | Date = new Date(0);\n",
    'roles/roles.ts': "// x\nimport { b } from '../config/schema.ts';\nexport const f = b;\n",
    'migrate/migrate.ts': "// x\nimport { b } from '../config/schema.ts';\nexport const k = b;\n",
    'doctor/check.ts': "// x\nimport { b } from '../config/schema.ts';\nexport const l = b;\n",
    'policy/policy.ts':
      "// x\nimport { e } from '../verify/verify.ts';\nexport const m = [e, () => import('../issuers/fetch.ts')];\n",
    'decide/authorize.ts':
      "// x\nimport { e } from '../verify/verify.ts';\nimport type { m } from '../policy/policy.ts';\nexport const g: typeof m = [e];\n",
    'protocol/reply.ts': "// x\nimport { a } from '../errors.ts';\nexport const h = a;\n",
    'log/log.ts': "// x\nimport { pino } from 'pino';\nexport const i = pino;\n",
    'daemon/daemon.ts': "// x\nimport { g } from '../decide/authorize.ts';\nexport const j = g;\n",
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
    ['message-of.ts', "import './config/files.ts';", 'imports config/files.ts'],
    ['config/x.ts', "import '../keys/keys.ts';", 'imports keys/keys.ts'],
    [
      'config/x.ts',
      "import type { c } from '../keys/keys.ts';\nexport type T = typeof c;",
      'imports keys/keys.ts',
    ],
    ['config/x.ts', "export * from '../decide/authorize.ts';", 'imports decide/authorize.ts'],
    ['config/x.ts', "export { c } from '../keys/keys.ts';", 'imports keys/keys.ts'],
    ['config/x.ts', "export const x = () => import('../cli/main.ts');", 'imports cli/main.ts'],
    ['config/x.ts', "export type T = import('../keys/keys.ts').T;", 'imports keys/keys.ts'],
    ['keys/x.ts', "import '../issuers/fetch.ts';", 'imports issuers/fetch.ts'],
    ['keys/x.ts', "import '../verify/verify.ts';", 'imports verify/verify.ts'],
    ['verify/x.ts', "import '../keys/keys.ts';", 'imports keys/keys.ts'],
    ['roles/x.ts', "import '../verify/verify.ts';", 'imports verify/verify.ts'],
    ['issuers/x.ts', "import '../roles/roles.ts';", 'imports roles/roles.ts'],
    ['migrate/x.ts', "import '../roles/roles.ts';", 'imports roles/roles.ts'],
    ['policy/x.ts', "import '../migrate/migrate.ts';", 'imports migrate/migrate.ts'],
    ['policy/x.ts', "import '../doctor/check.ts';", 'imports doctor/check.ts'],
    ['doctor/x.ts', "import '../daemon/daemon.ts';", 'imports daemon/daemon.ts'],
    ['policy/x.ts', "import '../protocol/reply.ts';", 'imports protocol/reply.ts'],
    ['policy/x.ts', "import '../log/log.ts';", 'imports log/log.ts'],
    ['protocol/x.ts', "import '../decide/authorize.ts';", 'imports decide/authorize.ts'],
    ['log/x.ts', "import '../daemon/daemon.ts';", 'imports daemon/daemon.ts'],
    ['daemon/x.ts', "import '../cli/main.ts';", 'imports cli/main.ts'],
    [
      'daemon/x.ts',
      "import json from '../../package.json' with { type: 'json' };\nexport { json };",
      'imports package.json',
    ],
    ['cli/x.ts', "import '../../test/x.ts';", 'imports ../test/x.ts, which is not in src'],
    ['utilities/x.ts', '', 'utilities is no folder that this test knows'],
    [
      'decide/x.ts',
      "import '../issuer-keys/x.ts';",
      'imports issuer-keys/x.ts, which is not in src',
    ],

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

    ['policy/x.ts', "import type { Logger } from 'pino';\nexport type T = Logger;", 'imports pino'],
    ['keys/x.ts', "console.error('x');", 'writes to the console'],
    ['config/x.ts', 'globalThis.console.log(1);', 'writes to the console'],
    ['policy/x.ts', "process.stderr.write('x');", 'writes to a standard stream'],
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

  it('is broken by a circle, of types too', () => {
    expect(
      violationsWith({
        'keys/x.ts': "// x\nimport type { Y } from './y.ts';\nexport type X = Y;\n",
        'keys/y.ts': "// x\nimport type { X } from './z.ts';\nexport type Y = X;\n",
        'keys/z.ts': "// x\nexport type { X } from './x.ts';\n",
      }),
    ).toEqual(['keys/x.ts -> keys/y.ts -> keys/z.ts -> keys/x.ts: a circle']);
    expect(violationsWith({ 'keys/x.ts': "// x\nimport './x.ts';\n" })).toEqual([
      'keys/x.ts -> keys/x.ts: a circle',
    ]);
  });

  it('is broken by a folder that src/README.md does not have, and by one that is too full', () => {
    expect(violationsWith({ 'keys/more/x.ts': '// x\n' })).toEqual([
      'keys/more: is not in src/README.md',
    ]);
    const full = Array.from({ length: 15 }, (_, at) => [`roles/x${at}.ts`, '// x\n'] as const);
    expect(violationsWith(Object.fromEntries<string>(full))).toEqual(['roles: 16 files']);
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
