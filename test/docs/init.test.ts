// docs/start/init.md says what each kind of issuer asks for, and docs/start/first-login.md can be typed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { readCommands } from '../package/first-login/log-in-first.ts';
import { INIT_PAGE, renderInitPage } from './init-table.ts';
import { readPage, ROOT } from './read-markdown.ts';

it('docs/start/init.md has the table that npm run docs writes', () => {
  const page = readFileSync(join(ROOT, INIT_PAGE), 'utf8');
  expect(renderInitPage(page)).toBe(page);
});

it('docs/start/first-login.md has so few commands as it says', () => {
  // Of those that init prints there are three.
  expect(readCommands().flatMap((command) => command ?? ['', '', ''])).toHaveLength(7);
  expect(readPage('docs/start/first-login.md').text).toContain(': seven commands on the host,');
});

it.each([INIT_PAGE, 'docs/start/first-login.md'])(
  'the screens of %s are 80 columns wide, but for what is to be copied',
  (path) => {
    const screens = readPage(path).blocks.filter(({ language }) => language === 'console');
    expect(screens.length).toBeGreaterThan(0);
    const wide = screens
      .flatMap(({ text }) => text.split('\n'))
      .filter((line) => line.length > 80 && !/^ {2}(?:sed|runuser) /.test(line));
    expect(wide).toEqual([]);
  },
);
