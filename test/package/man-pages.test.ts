// The man pages and the completion say what the command, the module and the schema say: no option, default or key is missing
// in them, and none is of their own making.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { readChangelog } from '../../packaging/prepare/read-changelog.ts';
import { flatten, readHelp, type CommandHelp } from '../../packaging/prepare/read-help.ts';
import { renderCompletion } from '../../packaging/prepare/render-completion.ts';
import { renderManPage, type ManPageSources } from '../../packaging/prepare/render-man-page.ts';
import { configurationSchema } from '../../src/config/schema/schema.ts';
import { isJSONObject } from '../../src/parse-json-object.ts';
import { ROOT } from '../docs/read-markdown.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const TEMPLATES = readdirSync(join(ROOT, 'packaging', 'man'));

let help: CommandHelp;
let sources: ManPageSources;
const pages = new Map<string, string>();

beforeAll(() => {
  help = readHelp(ROOT);
  sources = {
    ...readChangelog(read('packaging/debian/changelog')),
    help,
    configuration: read('docs/reference/configuration.md'),
    pam: read('docs/start/pam.md'),
  };
  for (const name of TEMPLATES) {
    pages.set(name, renderManPage(read(`packaging/man/${name}`), sources));
  }
});

/** The labels of a page, as they are typed, each with the text below it. */
function labels(page = ''): ReadonlyMap<string, string> {
  const items = page.split('\n.TP\n.B ').slice(1);
  return new Map(
    items.map((item) => {
      const [label = '', ...text] = item.split(/\n(?!\.IP)/);
      return [
        label.replaceAll('\\-', '-').replaceAll('\\e', '\\'),
        text.join(' ').replaceAll('\\-', '-'),
      ] as const;
    }),
  );
}

it('are those that the package installs', () => {
  const installed = read('packaging/debian/pgtoken.manpages')
    .trim()
    .split('\n')
    .map((path) => path.replace('prepared/man/', ''));
  expect(TEMPLATES.toSorted()).toEqual(installed.toSorted());
});

it.each(TEMPLATES)('%s has nothing left open', (name) => {
  expect(pages.get(name)).not.toMatch(/@[A-Z]+@|^\.\\" @/m);
  expect(pages.get(name)).toContain(`"pgtoken ${sources.version}"`);
});

describe('pgtoken(1)', () => {
  it('has every command with its options and their defaults', () => {
    const page = pages.get('pgtoken.1') ?? '';
    const commands = flatten(help).filter(({ commands: below }) => below.length === 0);
    expect(commands.length).toBeGreaterThan(3);
    const missing = commands.flatMap(({ usage, options }) => {
      const section = page
        .split('\n.SS ')
        .find((part) => part.startsWith(`${usage.replaceAll('-', '\\-')}\n`));
      const documented = labels(section);
      return options
        .filter(({ term }) => !term.includes('--help'))
        .filter(({ term, text }) => {
          const [initial = ''] = /\(default: [^)]+\)/.exec(text) ?? [];
          return documented.get(term)?.includes(initial) !== true;
        })
        .map(({ term }) => `${usage} ${term}`);
    });
    expect(missing).toEqual([]);
  });
});

it('begin a sentence with the name of a file as it is', () => {
  expect(labels(pages.get('pgtoken.1')).get('--hba <file>')).toMatch(/^pg_hba\.conf; default: /);
});

describe('pgtoken-serve(8)', () => {
  it('has the options of pgtoken serve', () => {
    const serve = flatten(help).find(({ name }) => name === 'pgtoken serve');
    const documented = [...labels(pages.get('pgtoken-serve.8')).keys()];
    expect(serve?.options.length).toBeGreaterThan(4);
    expect(documented).toEqual(expect.arrayContaining(serve!.options.map(({ term }) => term)));
  });
});

describe('pam_pgtoken(8)', () => {
  it('has the options that the module knows, with their defaults', () => {
    const known = [
      ...read('pam/options.c').matchAll(/\] = \{"(\w+)", "[^"]*", (?:"([^"]*)"|NULL)\}/g),
    ];
    expect(known.length).toBeGreaterThan(3);
    const documented = labels(pages.get('pam_pgtoken.8'));
    const missing = known.filter(([, name = '', initial]) => {
      const text = documented.get(initial === undefined ? name : `${name}=`);
      return text?.includes(initial === undefined ? '' : `Default: \\fB${initial}\\fR.`) !== true;
    });
    expect(missing).toEqual([]);
  });
});

describe('issuers.yaml(5)', () => {
  it('has every key of the schema', () => {
    const documented = [...labels(pages.get('issuers.yaml.5')).keys()];
    const keys = listLeaves(z.toJSONSchema(configurationSchema, { io: 'input' }));
    expect(keys.length).toBeGreaterThan(20);
    expect(documented).toEqual(expect.arrayContaining(keys));
  });
});

describe('the completion', () => {
  it('has every command and every option', () => {
    const text = renderCompletion(read('packaging/completion/pgtoken.bash'), help);
    for (const { name, options, commands } of flatten(help)) {
      const [, row = ''] = text.split(`    '${name}')\n`);
      const words = /words='([^']*)'/.exec(row)?.[1]?.split(' ');
      expect(words).toEqual([
        ...commands.map((command) => command.name.split(' ').at(-1)),
        ...options.map(({ term }) => /--[\w-]+/.exec(term)?.[0]),
      ]);
    }
  });

  it.each(['zsh', 'fish'] as const)('of %s has them too', (shell) => {
    const text = renderCompletion(read(`packaging/completion/pgtoken.${shell}`), help, shell);
    for (const { name, options, commands } of flatten(help)) {
      const words = [
        ...commands.map((command) => command.name.split(' ').at(-1) ?? ''),
        ...options.map(({ term }) => /--[\w-]+/.exec(term)?.[0] ?? ''),
      ];
      const own =
        shell === 'zsh'
          ? (text.split(`    '${name}')\n`)[1]?.split(';;')[0] ?? '')
          : text
              .split('\n')
              .filter((line) => line.includes(`"${name}"`))
              .join('\n');
      const found = [
        ...own.matchAll(shell === 'zsh' ? /^ +'([\w-]+):/gm : / (?:-l|-a) ([\w-]+) -d/g),
      ];
      expect(found.map(([, word = '']) => word)).toEqual(
        words.map((word) => (shell === 'fish' ? word.replace(/^--/, '') : word)),
      );
    }
  });

  it('needs a place for its table', () => {
    expect(() => renderCompletion('', help)).toThrow(
      'the frame of the completion has no line "# @commands"',
    );
  });
});

describe('a template', () => {
  it.each([
    ['.\\" @nothing', 'a man page asks for .\\" @nothing, which nobody makes'],
    [
      '.\\" @options pgtoken sing',
      'a man page asks for the options of pgtoken sing, which is no command',
    ],
  ])('that asks for what there is not fails: %s', (template, message) => {
    expect(() => renderManPage(template, sources)).toThrow(message);
  });

  it('cannot be filled from pages without their tables', () => {
    expect(() => renderManPage('.\\" @keys', { ...sources, configuration: '' })).toThrow(
      'docs/reference/configuration.md has no table of keys',
    );
    expect(() => renderManPage('.\\" @module-options', { ...sources, pam: '' })).toThrow(
      'docs/start/pam.md has no table of options',
    );
  });
});

/** The paths of all keys that hold a value of their own. */
function listLeaves(schema: unknown, above = ''): string[] {
  const properties = memberOf(schema, 'properties');
  return Object.entries(isJSONObject(properties) ? properties : {}).flatMap(([name, member]) => {
    const path = above === '' ? name : `${above}.${name}`;
    const items = memberOf(member, 'items');
    const below = [...listLeaves(member, path), ...listLeaves(items, `${path}[]`)];
    return below.length === 0 ? [path] : below;
  });
}

function memberOf(value: unknown, name: string): unknown {
  return isJSONObject(value) ? value[name] : undefined;
}
