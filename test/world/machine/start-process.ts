// A server of others, as a process that dies with the tests and whose output is at hand when it does not do what it should.
import { spawn } from 'node:child_process';

import { asServerUser } from '../../support/as-server-user.ts';
import { poll } from '../../support/poll.ts';

export interface StartProcessOptions {
  /** The program and its arguments. */
  readonly command: readonly [program: string, ...args: string[]];
  /** Run it as PostgreSQL is run, which is never root. Default: as whoever runs the tests. */
  readonly asServerUser?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds that it may take to be ready. Default: two minutes. */
  readonly startLimit?: number;
}

export interface StartedProcess extends AsyncDisposable {
  /** The end of what it wrote to both outputs. */
  readonly output: () => string;
  readonly hasEnded: () => boolean;
  /** Waits like {@link poll}, and throws with its output as soon as the process has ended. */
  readonly until: (what: string, probe: () => Promise<boolean> | boolean) => Promise<void>;
  /** SIGTERM, after ten seconds SIGKILL; waits for its end. */
  readonly stop: () => Promise<void>;
}

/** Of its output this much is kept. */
const KEPT = 200_000;
/** Milliseconds. On a busy machine an API server takes half a minute. */
const START_LIMIT = 120_000;
const STOP_LIMIT = 10_000;

/** Starts it, and does not wait until it is ready. */
export function startProcess(options: StartProcessOptions): StartedProcess {
  const { command, env = {}, startLimit = START_LIMIT } = options;
  const [program, ...args] = command;
  const setpriv = options.asServerUser
    ? asServerUser(program, args)
    : ['--pdeathsig=KILL', '--', ...command];
  const child = spawn('setpriv', setpriv, {
    cwd: '/',
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C is for the program that owns it
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT);
    });
  }
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  let isOver = false;
  const end = (): void => {
    isOver = true;
    resolve(undefined);
  };
  child.on('error', (error) => {
    output += `${error.message}\n`;
    end();
  });
  child.on('close', end);
  const stop = async (): Promise<void> => {
    if (!isOver) child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
    await ended;
    clearTimeout(timer);
  };
  return {
    output: () => output,
    hasEnded: () => isOver,
    until: async (what, probe) => {
      await poll(
        what,
        async () => {
          if (isOver) throw new Error(`${what}: the process has ended; its output:\n${output}`);
          return (await probe()) ? true : undefined;
        },
        startLimit,
      ).catch((error: unknown) => {
        throw isOver
          ? error
          : new Error(`${what}: not seen; its output:\n${output.slice(-5000)}`, { cause: error });
      });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
