// Tells a person what is going on: a line when a step begins, one every few seconds with how far it is, and one when it ends.
// How long each step took is kept for the next run, which says what to expect.
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import * as z from 'zod/mini';

import { formatSeconds } from './format-seconds.ts';

export interface Progress {
  /** Prints a line. */
  readonly say: (line: string) => void;
  /**
   * Does something that may take long.
   *
   * @param name what is done, the same in each run.
   * @param work is given a function to tell how far it is, in a few words; told again every few seconds, changed or not.
   */
  readonly step: <T>(
    name: string,
    work: (tell: (howFar: string) => void) => Promise<T>,
  ) => Promise<T>;
}

export interface ProgressOptions {
  /** Prints one line. */
  readonly write: (line: string) => void;
  /** Where durations are kept. */
  readonly file: string;
  /** Milliseconds; default: the process's own. */
  readonly now?: () => number;
}

/** Milliseconds between two signs of life. */
const INTERVAL = 5000;

const durationsSchema = z.record(z.string(), z.number());

export function createProgress(options: ProgressOptions): Progress {
  const { file, now = () => performance.now() } = options;
  const durations = readDurations(file);
  let lastLine = 0;
  const write = (line: string): void => {
    lastLine = now();
    options.write(line);
  };
  /** What is under way: a step may consist of others, and the innermost one is told. */
  const underWay: string[] = [];
  const step: Progress['step'] = async (name, work) => {
    const start = now();
    const seconds = (): number => Math.round((now() - start) / 1000);
    const last = durations.get(name);
    const expected = last === undefined ? '' : ` (${formatSeconds(last)} last time)`;
    let howFar = '';
    write(`${name}${expected}`);
    underWay.push(name);
    const timer = setInterval(() => {
      if (underWay.at(-1) !== name || now() - lastLine < INTERVAL / 2) return;
      write(`${name}: ${howFar === '' ? '' : `${howFar}, `}${formatSeconds(seconds())}${expected}`);
    }, INTERVAL);
    try {
      const result = await work((words) => (howFar = words));
      durations.set(name, seconds());
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `${JSON.stringify(Object.fromEntries(durations), undefined, 2)}\n`);
      write(`${name}: done in ${formatSeconds(seconds())}`);
      return result;
    } finally {
      clearInterval(timer);
      underWay.splice(underWay.lastIndexOf(name), 1);
    }
  };
  return { say: write, step };
}

/** What is unreadable is as good as a first run. */
function readDurations(file: string): Map<string, number> {
  try {
    return new Map(Object.entries(durationsSchema.parse(JSON.parse(readFileSync(file, 'utf8')))));
  } catch {
    return new Map();
  }
}
