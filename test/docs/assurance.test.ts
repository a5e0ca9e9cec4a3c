// Holds docs/understand/assurance.md to what it counts, and its commands to what there is. What was measured once, no test holds.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import packageJSON from '../../package.json' with { type: 'json' };
import { refusedSample } from '../attacks/choose-sample.ts';
import {
  cut,
  flipped,
  hasAllBitsFlipped,
  recombined,
  reordered,
  VALID_TOKENS,
  VALID_VECTORS,
} from '../attacks/mutations.ts';
import { NOT_GRANTED, REFUSED } from '../e2e/provision/describe-attacks.ts';
import { HARMLESS, loadAttackFiles } from '../vectors/attacks/attack.ts';
import { readExplanations } from '../mutation/read-report.ts';
import { codeSpans, readPage, ROOT, rowsOf } from './read-markdown.ts';

const page = readPage('docs/understand/assurance.md');
const files = await loadAttackFiles();
const count = (isHarmless: boolean): number =>
  files
    .filter(({ name }) => (name === HARMLESS) === isHarmless)
    .reduce((sum, { attacks }) => sum + attacks.length, 0);

function countMutations(): number {
  let tried = 0;
  for (const { title, vector } of VALID_VECTORS) {
    const { password } = vector;
    const all = [
      flipped(password, hasAllBitsFlipped(title)),
      cut(password),
      reordered(password),
      recombined(password, VALID_TOKENS),
    ];
    for (const made of all) tried += [...made].length;
  }
  return tried;
}

describe('docs/understand/assurance.md', () => {
  it.each<readonly [what: string, tried: number]>([
    ['attacks, through the pipeline', count(false)],
    ['attacks, through the socket of a daemon', count(false)],
    ['attacks of each kind, by psql through a login', refusedSample.length],
    ['what only looks like an attack', count(true)],
    ['changes of a valid token: bits, ends, parts', countMutations()],
  ])('counts %s as they are', (what, tried) => {
    const row = rowsOf(page.sections.get('Attacks')).find(([name]) => name === what);
    expect(row?.[2]).toBe(String(tried));
  });

  it.each([
    ['statements', REFUSED.length],
    ['names of roles to be granted', NOT_GRANTED.length],
  ])('counts the %s that role pgtoken tries as they are', (what, tried) => {
    const section = page.sections.get('The database role of the daemon');
    expect(rowsOf(section).find(([name]) => name === what)?.[2]).toBe(String(tried));
  });

  it('has no attack that is not counted', () => {
    expect(rowsOf(page.sections.get('Attacks'))).toHaveLength(5);
  });

  it.each([
    'src/verify',
    'src/roles',
    'src/claim-rules',
    'src/decide',
    'src/policy',
    'src/issuer-keys',
    'src/lint',
  ])('counts the explained mutants of %s as they are', (folder) => {
    const explained = readExplanations().filter(({ file }) => file.startsWith(`${folder}/`));
    const row = rowsOf(page.sections.get('Mutation')).find(([name]) => name === `\`${folder}\``);
    expect(row?.[3]).toBe(String(explained.length));
    for (const { file, line } of explained) {
      expect(readFileSync(join(ROOT, file), 'utf8')).toContain(line);
    }
  });

  it('names commands that there are, with tests that there are, in every row', () => {
    const scripts: Readonly<Record<string, string>> = packageJSON.scripts;
    expect(page.rows.length).toBeGreaterThan(4);
    for (const [what = '', command] of page.rows) {
      const [words = ''] = codeSpans(command);
      const [npm, run, ...more] = words.replace(/^npm test\b/, 'npm run test').split(' ');
      expect([what, npm, run, Object.hasOwn(scripts, more[0] ?? '')]).toEqual([
        what,
        'npm',
        'run',
        true,
      ]);
      for (const path of more.filter((word) => word.startsWith('test/'))) {
        const exists = existsSync(join(ROOT, `${path}.test.ts`)) || existsSync(join(ROOT, path));
        expect([path, exists]).toEqual([path, true]);
      }
    }
  });

  it('is of the version that there is', () => {
    expect(page.text).toContain(`with version ${packageJSON.version}: `);
  });
});
