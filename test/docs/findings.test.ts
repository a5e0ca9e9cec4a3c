// Checks that the scripts of findings/ have the form that findings/README.md asks for. They are not run: they need the network.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { readPage, ROOT, rowsOf } from './read-markdown.ts';

const FOLDER = join(ROOT, 'findings');
const scripts = readdirSync(FOLDER).filter((name) => name.endsWith('.sh'));
const helpers = readdirSync(join(FOLDER, 'lib')).filter((name) => name.endsWith('.sh'));

/** The parts of a head: a line of comment that begins one, and all that is indented behind it. */
function readHead(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  let name: string | undefined;
  for (const line of text.split('\n').slice(1)) {
    const [, title, first = ''] = /^# ([A-Z]\w+(?:, seen on [\d-]+)?):(.*)$/.exec(line) ?? [];
    const [, more] = /^# {3}(.*)$/.exec(line) ?? [];
    if (title !== undefined) parts.set((name = title), first.trim());
    else if (more !== undefined && name !== undefined) {
      parts.set(name, `${parts.get(name)} ${more}`.trim());
    } else break;
  }
  return parts;
}

/** What bash has to say of a script's form. */
function faultsOf(path: string): string {
  return spawnSync('bash', ['-n', path], { encoding: 'utf8' }).stderr;
}

describe.each(scripts)('findings/%s', (name) => {
  const path = join(FOLDER, name);
  const text = readFileSync(path, 'utf8');
  const head = readHead(text);

  it('has a complete head', () => {
    expect([...head.keys()]).toEqual([
      'Surprise',
      'Version',
      'Behaviour',
      expect.stringMatching(/^Output, seen on 20\d\d-\d\d-\d\d$/),
    ]);
    expect([...head].filter(([, words]) => words.length < 30)).toEqual([]);
    expect(head.get('Version')).toMatch(/\d+\.\d+/);
  });

  it('can be started, and is bash without errors of form', () => {
    expect(text.split('\n', 1)).toEqual(['#!/bin/bash']);
    expect(statSync(path).mode & 0o111).toBe(0o111);
    expect(faultsOf(path)).toBe('');
  });

  it('compares what it sees, in words of its head, and ends with the result', () => {
    const [, output = ''] = [...head].find(([part]) => part.startsWith('Output')) ?? [];
    const compared = [...text.matchAll(/^ *same '([^']+)'/gm)].map(([, what = '']) => what);
    expect(compared.length).toBeGreaterThan(1);
    expect(compared.filter((what) => !output.includes(`${what}:`))).toEqual([]);
    expect(text).toContain('\n. "$(dirname "$0")/lib/bench.sh"\n');
    expect(text).toMatch(/\nfinish\n$/);
  });

  it('runs without pgtoken', () => {
    expect(text).not.toMatch(/pgtoken/i);
  });
});

it.each(helpers)('findings/lib/%s is bash without errors of form', (name) => {
  expect(faultsOf(join(FOLDER, 'lib', name))).toBe('');
});

it('findings/README.md lists every script, and no other', () => {
  const listed = rowsOf(readPage('findings/README.md').sections.get('The list')).map(
    ([cell]) => /\[(.+)\]/.exec(cell ?? '')?.[1],
  );
  expect(listed).toEqual(scripts.toSorted());
});
