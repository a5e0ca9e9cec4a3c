// Tries one target: what is in its corpus as it is, then mutations of it, until time or number are used up or a rule is broken.
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod/mini';

import type { FuzzTarget } from './fuzz-target.ts';
import { mutate } from './mutate.ts';
import { createRandom } from './random.ts';

export interface FuzzLimits {
  readonly seed: number;
  /** Which execution to begin with, as a failure tells it. */
  readonly first?: number;
  readonly executions?: number;
  readonly seconds?: number;
}

export interface FuzzResult {
  readonly executions: number;
  /** The slowest, in milliseconds. */
  readonly slowest: number;
  readonly failure?: FuzzFailure;
}

export interface FuzzFailure {
  readonly error: unknown;
  /** With the same seed, `first` makes it again. */
  readonly execution: number;
  readonly input: Buffer;
}

/** An input that takes longer hangs, or takes time that grows out of bounds. */
const HANG_LIMIT = 20_000;

/** @param limits at least one of executions and seconds. */
export async function fuzzOne(target: FuzzTarget, limits: FuzzLimits): Promise<FuzzResult> {
  const { seed, first = 0, executions = Infinity, seconds = Infinity } = limits;
  const { maxBytes } = target;
  const words = await readWords(target.name);
  const corpus = [...(await readCorpus(target.name)), ...(await target.seeds())];
  await using session = await target.open();
  const end = performance.now() + seconds * 1000;
  let slowest = 0;
  let done = 0;
  for (; done < executions && performance.now() < end; done += 1) {
    const execution = first + done;
    // Each from numbers of its own, so that one can be made again without those before it.
    const random = createRandom(seed, execution);
    const plain = corpus[execution];
    const input =
      plain === undefined ? mutate(random, { corpus, words, maxBytes }) : Buffer.from(plain);
    const start = performance.now();
    try {
      await withinLimit(session.run(input, random));
    } catch (error) {
      return { executions: done + 1, slowest, failure: { error, execution, input } };
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  return { executions: done, slowest };
}

/** Says how a failure came about and how to make it again. */
export function describeFailure(name: string, seed: number, failure: FuzzFailure): string {
  const { error, execution, input } = failure;
  return [
    `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    `input (${input.length} bytes, base64): ${shorten(input.toString('base64'))}`,
    `again: node test/fuzz/run-typescript.ts --target ${name} --seed ${seed} --first ${execution} --executions 1`,
  ].join('\n');
}

/** The whole of it is kept in a file. */
function shorten(text: string): string {
  return text.length <= 1000 ? text : `${text.slice(0, 1000)}...`;
}

/** Words of the target's language, which random bytes seldom hit: a JSON text in each line, as some are not printable. */
async function readWords(name: string): Promise<string[]> {
  const file = join(import.meta.dirname, 'dictionaries', `${name}.txt`);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => z.string().parse(JSON.parse(line)));
}

async function readCorpus(name: string): Promise<Buffer[]> {
  const folder = join(import.meta.dirname, 'corpus', name);
  const files = await Array.fromAsync(glob('*', { cwd: folder }));
  return Promise.all(files.toSorted().map(async (file) => readFile(join(folder, file))));
}

async function withinLimit(running: void | Promise<void>): Promise<void> {
  if (!(running instanceof Promise)) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`broken: it ends within ${HANG_LIMIT} ms`));
    }, HANG_LIMIT);
  });
  await Promise.race([running, late]).finally(() => {
    clearTimeout(timer);
  });
}
