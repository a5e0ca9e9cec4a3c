// `npm run fuzz`: every fuzz target, those in C and those in TypeScript, one after the other, each for its share of the time. Exit
// status: 0 no rule was broken, 1 one was, 2 it could not run.
import { Command, InvalidArgumentError } from 'commander';

import { TYPESCRIPT_TARGETS } from './all-targets.ts';
import { C_TARGETS, fuzzC } from './c-targets.ts';
import { fuzzTargets, keepInFile } from './run-typescript.ts';

const NAMES = [...C_TARGETS, ...TYPESCRIPT_TARGETS].map(({ name }) => name);

const options = new Command('fuzz')
  .description('Runs every fuzz target, one after the other, each for its share of the time.')
  .option('--seconds <number>', 'time for all of them together', count, 120)
  .option('--target <name>', `one alone: ${NAMES.join(', ')}`)
  .option('--seed <number>', 'the same inputs again, of targets in TypeScript', count)
  .option('--grow', 'keep what reaches something new, of targets in C', false)
  .parse()
  .opts<{
    readonly seconds: number;
    readonly target?: string;
    readonly seed?: number;
    readonly grow: boolean;
  }>();

const isChosen = ({ name }: { readonly name: string }): boolean =>
  options.target === undefined || name === options.target;
const [inC, inTypeScript] = [C_TARGETS.filter(isChosen), TYPESCRIPT_TARGETS.filter(isChosen)];
const all = inC.length + inTypeScript.length;
const share = options.seconds / all;

try {
  process.exitCode = (await fuzz()) === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`fuzz: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

/** @returns how many targets broke a rule. */
async function fuzz(): Promise<number> {
  if (all === 0)
    throw new Error(`no target ${options.target}; expected one of ${NAMES.join(', ')}`);
  let failures = 0;
  for (const target of inC) {
    const result = await fuzzC(target, { seconds: share, grow: options.grow });
    const outcome = result.failure === undefined ? 'no rule broken' : 'A RULE IS BROKEN';
    say(`${target.name}: ${result.executions} executions, ${outcome}`);
    if (result.failure !== undefined) {
      failures += 1;
      say(result.failure);
    }
  }
  if (inTypeScript.length === 0) return failures;
  const { seed = Date.now() % 2 ** 31 } = options;
  const seconds = share * inTypeScript.length;
  return (
    failures + (await fuzzTargets(inTypeScript, { seconds, seed, write: say, keep: keepInFile }))
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('expected a whole number, at least 1');
  }
  return value;
}
