// One version, wherever it stands: package.json says which.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';
import * as z from 'zod/mini';

import { readChangelog } from '../../packaging/prepare/read-changelog.ts';
import { ROOT } from '../docs/read-markdown.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const versionOf = z.looseObject({ version: z.string() });
const { version } = versionOf.parse(JSON.parse(read('package.json')));

it('is a version', () => {
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

it('is the one that the command tells', async () => {
  expect(await runPgtoken(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` });
});

it('is the one of the lock file', () => {
  expect(versionOf.parse(JSON.parse(read('package-lock.json'))).version).toBe(version);
});

it('is the newest one of debian/changelog, which is not of the future', () => {
  const entry = readChangelog(read('packaging/debian/changelog'));
  expect(entry.version).toBe(version);
  // Times of the package are clamped to that date: with one of the future, they would be those of the build.
  expect(Date.parse(entry.date)).toBeLessThan(Date.now());
});

it('is the newest one of CHANGELOG.md but for what is in the making', () => {
  const headings = [...read('CHANGELOG.md').matchAll(/^## (.+)$/gm)].map(([, title]) => title);
  const newest = headings.find((title) => !title?.endsWith('(unreleased)'));
  expect(newest?.replace(/ \(.*\)$/, '')).toBe(version);
});

it('cannot be read from a changelog of something else', () => {
  expect(() => readChangelog('other (1.0) unstable; urgency=low\n')).toThrow(
    'debian/changelog does not begin with an entry of pgtoken',
  );
});
