// `npm run coverage:pam`: which lines of the module the tests of this folder run. Fails below 95 percent of them, when a line is
// not run that uncovered.md does not excuse, and when it excuses one that is.
import { rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';

import { readCoverage, readExcuses, type Line } from './coverage.ts';

const LEAST = 95;
const folder = join(import.meta.dirname, '../../pam/build/test-coverage');
const TESTS = ['daemon', 'exec', 'module', 'options', 'stack', 'vectors'];

// Of another source there may be counts of lines that are no more.
rmSync(folder, { recursive: true, force: true });
const files = TESTS.map((name) => `test/pam/${name}.test.ts`);
const { status } = spawnSync('vitest', ['run', ...files, '-t', 'with counters'], {
  env: { ...process.env, PGTOKEN_PAM_COVERAGE: 'yes' },
  stdio: ['ignore', 'inherit', 'inherit'],
});

const coverage = readCoverage(folder);
const total = coverage.reduce((sum, { lines }) => sum + lines, 0);
const uncovered = coverage.flatMap((one) => one.uncovered);
const percent = ((total - uncovered.length) / total) * 100;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
for (const one of coverage) {
  say(`${one.file.padEnd(14)} ${one.lines - one.uncovered.length} of ${one.lines} lines`);
}
say(`${'pam/'.padEnd(14)} ${total - uncovered.length} of ${total} lines, ${percent.toFixed(1)} %`);

const excuses = readExcuses();
const isIn = (list: readonly Line[], line: Line): boolean =>
  list.some((one) => isDeepStrictEqual(one, line));
const wrong = [
  ...(status === 0 ? [] : ['the tests themselves failed']),
  ...(percent >= LEAST ? [] : [`expected at least ${LEAST} %`]),
  ...uncovered
    .filter((line) => !isIn(excuses, line))
    .map(({ file, above, text }) => `not run, and not in uncovered.md: ${file}: ${above} ${text}`),
  ...excuses
    .filter((line) => !isIn(uncovered, line))
    .map(({ file, above, text }) => `in uncovered.md, but run or gone: ${file}: ${above} ${text}`),
];
for (const line of wrong) process.stderr.write(`${line}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
