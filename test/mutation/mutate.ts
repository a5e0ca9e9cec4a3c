// `npm run mutation`: Stryker changes one thing after the other in what decides, and the tests have to notice. Fails where a
// mutant survives that survivors.md does not explain, and where it explains one that does not.
//
// Cut into runs of some minutes each, one for some files; what was found is kept in build/mutation, so that the next time
// only what has changed is looked at.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { Command } from 'commander';

import { DECIDING_TESTS, LINT_TESTS, TESTS } from './chosen-tests.ts';
import {
  type FileResult,
  formatRow,
  type Mutant,
  readExplanations,
  readReport,
} from './read-report.ts';

/** Rooms of what decides, and of what warns of it. */
const FOLDERS = ['verify', 'roles', 'claim-rules', 'decide', 'policy', 'issuer-keys', 'lint'];
/** Types alone: they have no mutants, and are not in the report. */
const TYPES = [
  'src/policy/policy.ts',
  'src/decide/login.ts',
  'src/decide/authorize-options.ts',
  'src/lint/warn.ts',
];
const ROOT = join(import.meta.dirname, '../..');
const REPORT = join(ROOT, 'build/mutation/report.json');
/** Bytes of source that one run takes. */
const SHARE = 10_000;

const options = new Command('mutation')
  .description('Runs Stryker on what decides and on what warns of it.')
  .option('--mutate <files>', 'these alone, with commas between them')
  .option('--static', 'also what runs once, when a module is loaded or a test file prepares itself')
  .option('--report', 'run nothing, judge what the last run found', false)
  .parse()
  .opts<{ readonly mutate?: string; readonly static?: boolean; readonly report: boolean }>();

const all = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${folder}/${name}`),
);
const chosen = options.mutate?.split(',') ?? all;
const extent = options.static === true ? [] : ['--ignoreStatic'];
// The tests of what only warns search for minutes, and tell nothing of what decides.
const isLint = (file: string): boolean => file.startsWith('src/lint/');
const runs = [false, true].flatMap((lint) =>
  shares(chosen.filter((file) => isLint(file) === lint)).map((files) => ({ files, lint })),
);
const failed = options.report
  ? []
  : runs.filter((one, at) => {
      say(`run ${at + 1} of ${runs.length}`);
      return !runStryker(one.files, one.lint);
    });
judge(failed.map(({ files }) => files));

/** Puts files together until they have their share of bytes. */
function shares(files: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let bytes = Infinity;
  for (const file of files) {
    const { size } = statSync(join(ROOT, file));
    if (bytes + size > SHARE) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(file);
    bytes += size;
  }
  return groups;
}

function runStryker(files: readonly string[], lint: boolean): boolean {
  say(`mutating ${files.join(', ')}`);
  const tests = lint ? LINT_TESTS : DECIDING_TESTS;
  const { status } = spawnSync('stryker', ['run', '--mutate', files.join(','), ...extent], {
    cwd: ROOT,
    env: { ...process.env, [TESTS]: tests },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0;
}

function judge(notRun: readonly (readonly string[])[]): void {
  const results = readReport(REPORT).filter(({ file }) => chosen.includes(file));
  for (const folder of FOLDERS) {
    const inFolder = results.filter(({ file }) => file.startsWith(`src/${folder}/`));
    for (const one of inFolder) say(score(one.file, one));
    if (inFolder.length > 0) {
      const sum = (of: (one: FileResult) => number): number =>
        inFolder.reduce((before, one) => before + of(one), 0);
      const [killed, total] = [sum((one) => one.killed), sum((one) => one.total)];
      say(score(`src/${folder}`, { killed, total, leftOut: sum((one) => one.leftOut) }));
    }
  }
  const survivors = results.flatMap((one) => one.survivors);
  const explained = readExplanations();
  const isIn = (list: readonly Mutant[], mutant: Mutant): boolean =>
    list.some((one) => isDeepStrictEqual(one, mutant));
  const missing = chosen.filter((file) => !results.some((one) => one.file === file));
  const wrong = [
    ...notRun.map((files) => `Stryker failed on ${files.join(', ')}`),
    ...missing.filter((file) => !TYPES.includes(file)).map((file) => `no result for ${file}`),
    ...survivors
      .filter((mutant) => !isIn(explained, mutant))
      .map((mutant) => `survived, and not in survivors.md: ${formatRow(mutant)}`),
    ...explained
      .filter(({ file }) => chosen.includes(file))
      .filter((mutant) => !isIn(survivors, mutant))
      .map((mutant) => `in survivors.md, but killed or gone: ${formatRow(mutant)}`),
  ];
  for (const line of wrong) process.stderr.write(`${line}\n`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

function score(
  what: string,
  { killed, total, leftOut }: Pick<FileResult, 'killed' | 'total' | 'leftOut'>,
): string {
  const percent = total === 0 ? 100 : (killed / total) * 100;
  const rest = leftOut === 0 ? '' : `, ${leftOut} left out`;
  return `${what.padEnd(44)} ${killed} of ${total} mutants killed, ${percent.toFixed(1)} %${rest}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
