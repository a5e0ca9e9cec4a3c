// Fuzzes the targets in TypeScript one after the other: `node test/fuzz/run-typescript.ts --seconds 60`. A failure is told with
// everything that makes it again, and its input is kept in a file. Exit status 0 when no rule was broken.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { TYPESCRIPT_TARGETS } from './all-targets.ts';
import { describeFailure, fuzzOne, type FuzzResult } from './fuzz-one.ts';
import type { FuzzTarget } from './fuzz-target.ts';

export interface RunOptions {
  /** For all targets together. */
  readonly seconds: number;
  readonly seed: number;
  readonly first?: number;
  readonly executions?: number;
  readonly write: (line: string) => void;
  /** Keeps an input that broke a rule. @returns where. */
  readonly keep: (name: string, input: Buffer) => Promise<string>;
}

const FAILURES = join(import.meta.dirname, '..', '..', 'fuzz-failures');

/** Fuzzes each target for its share of the time. @returns how many broke a rule. */
export async function fuzzTargets(
  targets: readonly FuzzTarget[],
  options: RunOptions,
): Promise<number> {
  const { seed, write, keep, ...limits } = options;
  let failures = 0;
  let executions = 0;
  for (const target of targets) {
    const seconds = options.seconds / targets.length;
    const result = await fuzzOne(target, { ...limits, seed, seconds });
    executions += result.executions;
    write(describeResult(target.name, result));
    if (result.failure !== undefined) {
      failures += 1;
      write(describeFailure(target.name, seed, result.failure));
      const { execution, input } = result.failure;
      write(`kept in ${await keep(`${target.name}-${seed}-${execution}`, input)}`);
    }
  }
  write(`${targets.length} targets, ${executions} executions, ${failures} failures, seed ${seed}`);
  return failures;
}

function describeResult(name: string, { executions, slowest, failure }: FuzzResult): string {
  const outcome = failure === undefined ? 'no rule broken' : 'A RULE IS BROKEN';
  return `${name}: ${executions} executions, slowest ${slowest.toFixed(1)} ms, ${outcome}`;
}

function readOptions(): Omit<RunOptions, 'write' | 'keep'> & { targets: readonly FuzzTarget[] } {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      target: { type: 'string' },
      first: { type: 'string' },
      executions: { type: 'string' },
    },
  });
  const targets = TYPESCRIPT_TARGETS.filter(
    ({ name }) => values.target === undefined || name === values.target,
  );
  if (targets.length === 0) throw new Error(`there is no target ${values.target ?? ''}`);
  const { seconds = values.executions === undefined ? '60' : '3600' } = values;
  return {
    targets,
    seconds: Number(seconds),
    seed: Number(values.seed),
    ...(values.first === undefined ? {} : { first: Number(values.first) }),
    ...(values.executions === undefined ? {} : { executions: Number(values.executions) }),
  };
}

/** Keeps an input among the failures. */
export async function keepInFile(name: string, input: Buffer): Promise<string> {
  await mkdir(FAILURES, { recursive: true });
  const file = join(FAILURES, name);
  await writeFile(file, input);
  return file;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (import.meta.main) {
  const { targets, ...options } = readOptions();
  process.exitCode =
    (await fuzzTargets(targets, { ...options, write: print, keep: keepInFile })) === 0 ? 0 : 1;
}
