// That the excuses for lines that no test runs are about lines that are there. npm run coverage:pam knows whether they are needed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { readExcuses } from './coverage.ts';

test('every line that uncovered.md excuses stands in the module, once', () => {
  const excuses = readExcuses();
  expect(excuses.length).toBeGreaterThan(0);
  const places = excuses.map(({ file, above, text }) => {
    const lines = readFileSync(join(import.meta.dirname, '../../pam', file), 'utf8').split('\n');
    return lines.filter((line, at) => line.trim() === text && lines[at - 1]?.trim() === above);
  });
  expect(places.map((found) => found.length)).toEqual(excuses.map(() => 1));
});

test('every row of uncovered.md is read', () => {
  const text = readFileSync(join(import.meta.dirname, 'uncovered.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  expect(readExcuses()).toHaveLength(rows.length);
});
