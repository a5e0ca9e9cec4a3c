// What is recorded as the version of pgtoken.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { readVersion } from './read-version.ts';

it('is that of the newest section of the changelog, also before its release', () => {
  expect(readVersion('# Changelog\n\n## 0.2.0 (unreleased)\n\n## 0.1.0\n')).toBe(
    '0.2.0 (unreleased)',
  );
  expect(readVersion('# Changelog\n\n## 0.2.0\n\n## 0.1.0\n')).toBe('0.2.0');
});

it('is there', () => {
  const changelog = readFileSync(join(import.meta.dirname, '../../CHANGELOG.md'), 'utf8');
  expect(readVersion(changelog)).toMatch(/^\d+\.\d+\.\d+/);
});
