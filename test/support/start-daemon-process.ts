// `pgtoken serve` as a process of its own: its log line by line, its signals, its end. It dies with the test process.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import * as z from 'zod';

import { poll } from './poll.ts';

export interface DaemonProcessOptions {
  /** Default: the checkout's bin/pgtoken. */
  readonly command?: string;
  /** Options of `pgtoken serve`. */
  readonly args: readonly string[];
  /** User and group to run as, when run by root; default: those of the tests. */
  readonly user?: { readonly name: string; readonly group: string };
  /** What stands before the command, such as `prlimit` with its arguments. */
  readonly wrapper?: readonly string[];
}

/** A line of the daemon's log. */
export type LogLine = z.output<typeof logLine>;
const logLine = z.looseObject({ msg: z.string() });

export interface DaemonProcess extends AsyncDisposable {
  readonly pid: number;
  /** Every line so far; what is no JSON is an error. */
  readonly lines: () => readonly LogLine[];
  /** Every byte so far of both outputs. */
  readonly output: () => string;
  readonly stderr: () => string;
  /** Waits for a line with this message from the given place on; throws when the daemon ends before. */
  readonly waitForLine: (msg: string, from?: number) => Promise<LogLine>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Reads its log no more, as a reader that hangs, until what this returns is called. */
  readonly stopReading: () => () => void;
  /** Resolves with exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGTERM, if it still runs; waits for its end. */
  readonly stop: () => Promise<number | NodeJS.Signals>;
}

/** Starts it, and does not wait until it is ready. */
export function startDaemonProcess(options: DaemonProcessOptions): DaemonProcess {
  const command = options.command ?? join(import.meta.dirname, '..', '..', 'bin', 'pgtoken');
  const { user } = options;
  const asUser =
    user === undefined || process.geteuid?.() !== 0
      ? []
      : [`--reuid=${user.name}`, `--regid=${user.group}`, '--clear-groups'];
  const child: ChildProcess = spawn(
    'setpriv',
    [
      '--pdeathsig=KILL',
      ...asUser,
      '--',
      ...(options.wrapper ?? []),
      command,
      'serve',
      ...options.args,
    ],
    {
      cwd: '/',
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // Ctrl-C is for the program that owns it
    },
  );
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | NodeJS.Signals>();
  child.on('error', reject);
  let isOver = false;
  child.on('close', (status, signal) => {
    isOver = true;
    resolve(status ?? signal ?? 'SIGKILL');
  });

  const lines = (): readonly LogLine[] =>
    output.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => logLine.parse(JSON.parse(line)));
  const signal = (name: NodeJS.Signals): void => {
    if (!isOver) child.kill(name);
  };
  const stop = async (): Promise<number | NodeJS.Signals> => {
    signal('SIGTERM');
    signal('SIGCONT');
    const timer = setTimeout(() => {
      signal('SIGKILL');
    }, 20_000);
    return ended.finally(() => {
      clearTimeout(timer);
    });
  };
  return {
    pid: child.pid ?? -1,
    lines,
    output: () => output.stdout + output.stderr,
    stderr: () => output.stderr,
    waitForLine: async (msg, from = 0) =>
      poll(`"${msg}" in the daemon's log`, () => {
        const found = lines()
          .slice(from)
          .find((line) => line.msg === msg);
        if (found === undefined && isOver) {
          throw new Error(`the daemon has ended:\n${output.stdout}${output.stderr}`);
        }
        return found;
      }),
    signal,
    stopReading: () => {
      child.stdout?.pause();
      return () => child.stdout?.resume();
    },
    ended,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
