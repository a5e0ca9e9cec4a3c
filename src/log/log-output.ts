// Where the log goes, without ever waiting for who reads it: a pipe that is full or a disk that stalls holds up one write of
// the thread pool, and no login.
//
// Not by O_NONBLOCK, which would count for everybody who shares the pipe, such as PostgreSQL in the same container. What does
// not fit into the buffer is lost and counted, the newest first, so that what is written is in order and whole.
import { write as writeFile } from 'node:fs';

/** A bounded buffer in front of a file descriptor. */
export interface LogOutput {
  /** Takes one line with its line break. Neither waits nor throws. */
  write(line: string): void;
  /** Waits until all is written, at most so many milliseconds. @returns whether it is. */
  flush(ms: number): Promise<boolean>;
  /** Lines that were lost since the start. */
  readonly lost: number;
}

/** Where lines go, and how many may wait. */
export interface LogOutputOptions {
  readonly fd: number;
  /** Makes the line that says how many lines were lost, once there is room again. */
  readonly describeLoss: (lines: number) => string;
  /** Bytes that wait at most; default: 1 MiB, some two thousand decisions. */
  readonly capacity?: number;
  /** Default: that of the system. */
  readonly write?: WriteFile;
}

/** What of `write` of `node:fs` is used here. */
export type WriteFile = (
  fd: number,
  data: Buffer,
  offset: number,
  length: number,
  position: null,
  done: (error: NodeJS.ErrnoException | null, count: number) => void,
) => void;

const CAPACITY = 1024 * 1024;
/** How much is handed to one write. */
const CHUNK = 64 * 1024;
/** Milliseconds to the next try when the descriptor does not block and is full, and after any other error. */
const FULL_PAUSE = 50;
const ERROR_PAUSE = 1000;

/** Creates it, empty. */
export function createLogOutput(options: LogOutputOptions): LogOutput {
  const { fd, describeLoss, capacity = CAPACITY, write = writeFile } = options;
  /** Lines that wait, and how many bytes they have: they are ASCII. */
  let waiting: string[] = [];
  let bytes = 0;
  /** What is being written: handed over as a whole, taken in pieces. */
  let chunk: Buffer | undefined;
  let isWriting = false;
  let retry: NodeJS.Timeout | undefined;
  let lost = 0;
  let told = 0;
  let onIdle: ((written: boolean) => void)[] = [];

  const next = (): void => {
    retry = undefined;
    chunk ??= takeChunk();
    if (chunk === undefined) {
      settle(true);
      return;
    }
    isWriting = true;
    write(fd, chunk, 0, chunk.length, null, (error, count) => {
      isWriting = false;
      if (error === null) {
        chunk = chunk !== undefined && count < chunk.length ? chunk.subarray(count) : undefined;
        next();
        return;
      }
      // A service manager that is gone for a moment, a disk that is full: what is there is tried again.
      const isFull = error.code === 'EAGAIN';
      retry = setTimeout(next, isFull ? FULL_PAUSE : ERROR_PAUSE).unref();
      if (!isFull) {
        settle(false);
      }
    });
  };
  const settle = (written: boolean): void => {
    const due = onIdle;
    onIdle = [];
    for (const resolve of due) {
      resolve(written);
    }
  };
  const takeChunk = (): Buffer | undefined => {
    if (lost > told) {
      // Where they would have been: room is made below.
      add(describeLoss(lost - told));
      told = lost;
    }
    let end = 0;
    for (let length = 0; end < waiting.length && length < CHUNK; end += 1) {
      length += waiting[end]?.length ?? 0;
    }
    if (end === 0) {
      return undefined;
    }
    const taken = Buffer.from(waiting.slice(0, end).join(''), 'latin1');
    waiting = waiting.slice(end);
    bytes -= taken.length;
    return taken;
  };
  const add = (line: string): void => {
    waiting.push(line);
    bytes += line.length;
  };

  return {
    write(line) {
      if (bytes + line.length > capacity) {
        lost += 1;
        return;
      }
      add(line);
      if (!isWriting && retry === undefined) {
        next();
      }
    },
    async flush(ms) {
      if (!isWriting) {
        clearTimeout(retry);
        next();
      }
      if (!isWriting && chunk === undefined && waiting.length === 0) {
        return true;
      }
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms, false);
        onIdle.push((written) => {
          clearTimeout(timer);
          resolve(written);
        });
      });
    },
    get lost() {
      return lost;
    },
  };
}
