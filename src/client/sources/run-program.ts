// Runs a program of the administrator's to its end, which is at its deadline at the latest: with its arguments as they are
// and no shell between, in a process group of its own, so that what it has started ends with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { codeOf } from '../../code-of.ts';

/** A program with its arguments. */
export type Argv = readonly [program: string, ...args: string[]];

/** How a program is run. */
export interface RunProgramOptions {
  /** Seconds. */
  readonly deadline: number;
  readonly env: NodeJS.ProcessEnv;
  /** Gets each line that it writes to standard error. */
  readonly onError: (line: string) => void;
  /** Ends it before its time. */
  readonly signal?: AbortSignal;
}

/** A program that does not count; the hint is for one that could not be started. */
interface ProgramFailure {
  readonly ok: false;
  readonly reason: string;
  readonly hint?: string;
}

/** What became of a program: what it has written to standard output, or why that does not count. */
export type ProgramResult = { readonly ok: true; readonly output: string } | ProgramFailure;

/** More output than this is no token, and no document with one. */
const MAX_OUTPUT_BYTES = 256 * 1024;
/** As much of standard error as is passed on of one run. */
const MAX_ERROR_BYTES = 8 * 1024;
/** How long after its end, in seconds, what it has left running may still write to standard output. */
const LINGER = 1;

/** Runs it. Never rejects. */
export async function runProgram(
  [program, ...args]: Argv,
  { deadline, env, onError, signal }: RunProgramOptions,
): Promise<ProgramResult> {
  let child: ChildProcess;
  try {
    // A process group of its own.
    child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    return failToStart(error);
  }
  const { promise, resolve } = Promise.withResolvers<ProgramResult>();
  const chunks: Buffer[] = [];
  let length = 0;
  let isSettled = false;
  const settle = (result: ProgramResult): void => {
    if (isSettled) {
      return;
    }
    isSettled = true;
    // What a program that did well has left running, it has left on purpose.
    if (!result.ok) {
      killGroup(child);
    }
    // Who has left the group may hold them open for ever.
    child.stdout?.destroy();
    child.stderr?.destroy();
    resolve(result);
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    length += chunk.length;
    chunks.push(chunk);
    if (length > MAX_OUTPUT_BYTES) {
      settle(failure(`it has written over ${MAX_OUTPUT_BYTES} bytes`));
    }
  });
  if (child.stderr !== null) {
    passOnLines(child.stderr, onError);
  }
  const timer = setTimeout(() => {
    settle(failure(`it did not end within ${deadline} s, and was killed`));
  }, deadline * 1000);
  const stop = (): void => {
    settle(failure('it was killed, as this process ends'));
  };
  signal?.addEventListener('abort', stop, { once: true });
  child.on('error', (error) => {
    settle(failToStart(error));
  });
  let lingering: NodeJS.Timeout | undefined;
  const end = (status: number | null, by: NodeJS.Signals | null): void => {
    settle(
      status === 0
        ? { ok: true, output: Buffer.concat(chunks).toString('latin1') }
        : failure(by === null ? `it ended with status ${status}` : `it was ended by ${by}`),
    );
  };
  child.on('exit', (status, by) => {
    lingering = setTimeout(end, LINGER * 1000, status, by);
  });
  child.on('close', end);
  return promise.finally(() => {
    clearTimeout(timer);
    clearTimeout(lingering);
    signal?.removeEventListener('abort', stop);
  });
}

function failure(reason: string): ProgramFailure {
  return { ok: false, reason };
}

function failToStart(error: unknown): ProgramFailure {
  return {
    ...failure(describeStart(error)),
    hint: 'Give its whole path, or have its folder in PATH of this user.',
  };
}

function describeStart(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such program';
    case 'EACCES':
      return `user ID ${process.geteuid?.() ?? '?'} may not run it`;
    default:
      return `it cannot be started (${codeOf(error) ?? 'an unknown error'})`;
  }
}

/** Everybody in it, also when the program itself has ended: the group lives as long as one of them does. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) {
      process.kill(-pid, 'SIGKILL');
    }
  } catch {
    // All of them have ended.
  }
}

function passOnLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let left = MAX_ERROR_BYTES;
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = `${rest}${text.slice(0, left)}`.split('\n');
    left = Math.max(left - text.length, 0);
    rest = lines.pop() ?? '';
    lines.filter((line) => line.trim() !== '').forEach(onLine);
  });
  stream.on('close', () => {
    if (rest.trim() !== '') {
      onLine(rest);
    }
  });
}
