// `npm run bench:pgpass`: what `pgtoken pgpass` costs beside a program: the time from its start to the first .pgpass, and its
// memory, next to a Node process that does nothing, in turns.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { makeToken } from '../test/client/make-token.ts';
import { stageInstallation } from '../test/support/stage-installation.ts';
import { writeIssuersYAML } from '../test/support/write-issuers-yaml.ts';
import { parseCount } from './parse-count.ts';
import { readProcFigure } from './read-proc-figure.ts';
import { median, medianRatio } from './statistics.ts';

/** Milliseconds after which memory is looked at: it has done what there is to do at the start. */
const SETTLED = 1500;

const { rounds } = new Command('bench:pgpass')
  .description('Measures the start and the memory of pgtoken pgpass.')
  .option('--rounds <number>', 'paired rounds', parseCount, 15)
  .parse()
  .opts<{ readonly rounds: number }>();

await using installation = await stageInstallation(writeIssuersYAML([]));
const inside = (name: string): string => join(installation.folder, name);
const runtime = inside('runtime/node');
const [token, pgpass, yaml] = [inside('token'), inside('pgpass'), inside('pgpass.yaml')];
await writeFile(token, makeToken({ exp: Math.floor(Date.now() / 1000) + 3600 }));
await writeFile(
  yaml,
  `apiVersion: pgtoken/v1\nfile: ${pgpass}\nlines:\n- {host: db, user: a, token: {file: ${token}}}\n`,
);

const line = ['pgpass', '--host', 'db', '--user', 'a', '--file', pgpass];
/** What is compared, by name. */
const SIDES: ReadonlyMap<string, readonly [command: string, ...args: string[]]> = new Map([
  ['an empty Node process', [runtime, '-e', 'setInterval(() => undefined, 1e9)']],
  ['a file', [installation.command, ...line, '--token-file', token]],
  ['a command', [installation.command, ...line, '--', 'cat', token]],
  ['health', [installation.command, ...line, '--token-file', token, '--health', '127.0.0.1:10499']],
  ['a pgpass.yaml', [installation.command, 'pgpass', '--config', yaml]],
]);

interface Figures {
  readonly milliseconds: number[];
  readonly rss: number[];
  readonly dirty: number[];
}
const figures = new Map([...SIDES.keys()].map((name) => [name, makeFigures()]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, [command, ...args]] of SIDES) {
    await measure(command, args, name.startsWith('an empty'), figures.get(name) ?? makeFigures());
  }
  console.error(`round ${round + 1}/${rounds}`);
}
const [empty] = figures.values();
console.log(
  '| | ms to the first .pgpass, median (least) | RSS, MB | private dirty, MB | RSS, of an empty one |',
);
console.log('|---|---|---|---|---|');
for (const [name, { milliseconds, rss, dirty }] of figures) {
  const time =
    milliseconds.length === 0
      ? ''
      : `${median(milliseconds).toFixed(0)} (${Math.min(...milliseconds).toFixed(0)})`;
  const memory = [median(rss), median(dirty)].map((kB) => (kB / 1024).toFixed(1));
  const ratio = medianRatio(rss, empty?.rss ?? []).toFixed(2);
  console.log(`| ${[name, time, ...memory, ratio].join(' | ')} |`);
}

function makeFigures(): Figures {
  return { milliseconds: [], rss: [], dirty: [] };
}

async function measure(
  command: string,
  args: readonly string[],
  isEmpty: boolean,
  to: Figures,
): Promise<void> {
  await rm(pgpass, { force: true });
  const started = performance.now();
  const child = spawn(command, args, { env: { PATH: '/usr/bin:/bin' }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    if (!isEmpty) {
      while ((await stat(pgpass).catch(() => undefined)) === undefined) {
        await delay(1);
        if (child.exitCode !== null) throw new Error(`${command} ${args.join(' ')} has ended`);
      }
      to.milliseconds.push(performance.now() - started);
    }
    await delay(SETTLED);
    to.rss.push(await readFigure(child, 'Rss'));
    to.dirty.push(await readFigure(child, 'Private_Dirty'));
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function readFigure({ pid = 0 }: ChildProcess, name: string): Promise<number> {
  return readProcFigure(pid, 'smaps_rollup', name);
}
