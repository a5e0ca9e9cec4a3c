// Tokens from a file that somebody else keeps fresh: the kubelet, spiffe-helper, a cloud's agent.
//
// Followed, not polled: its folders are watched. It is read again from time to time all the same, as not every file system
// tells of changes. What has only just been written is read when it stands still, as not everybody replaces a file as a whole.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { codeOf } from '../../code-of.ts';
import { describeFileError } from '../../describe-file-error.ts';
import { MAX_TOKEN_BYTES } from '../../verify/parse-token.ts';
import {
  fault,
  readClientToken,
  type TokenFault,
  type TokenResult,
} from '../token/client-token.ts';
import type { SourceWatcher, TokenSource } from '../token/token-source.ts';
import { findWatchPoints } from './find-watch-points.ts';
import { createPointWatcher, type PointWatcher, type WatchFolder } from './watch-points.ts';

/** What a file source needs of its surroundings. */
export interface FileSourceOptions {
  readonly clock: Clock;
  /** Default: that of the system. */
  readonly watchFolder?: WatchFolder;
}

/** For how long a file must stand still, in seconds. */
const STILL = 0.1;
/** A file that never stands still is read after so many looks. */
const MOST_LOOKS = 20;

/** Creates a source of the tokens in a file. */
export function createFileSource(path: string, options: FileSourceOptions): TokenSource {
  const file = resolve(path);
  let watcher: PointWatcher | undefined;
  return {
    name: `file ${path}`,
    async get(signal) {
      // Watched before it is read, so that no change falls in between.
      await watcher?.watch(await findWatchPoints(file));
      try {
        const text = await readStillFile(file, options.clock, signal);
        return typeof text === 'string' ? describeForm(readClientToken(text)) : text;
      } catch (error) {
        return explain(error);
      }
    },
    watch(told: SourceWatcher) {
      watcher = createPointWatcher(told, options.watchFolder);
      return watcher;
    },
  };
}

/** @returns its text, or why it is not read. Throws what the file system answers. */
async function readStillFile(
  path: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | TokenFault> {
  for (let looks = 1; ; looks += 1) {
    // Non-blocking, so that a FIFO in its place cannot make us wait.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) {
      return fault(
        `it is a ${stats.isDirectory() ? 'folder' : 'device or pipe'}; expected a regular file`,
        stats.isDirectory() ? 'Name the file in it that has the token.' : undefined,
      );
    }
    const age = clock() - stats.mtimeMs / 1000;
    // Written in the future, by whatever clock, it says nothing.
    const isStill = age < 0 || age >= STILL;
    if (isStill || looks === MOST_LOOKS || signal.aborted) {
      return await readAll(file);
    }
    await delay((STILL - age) * 1000, undefined, { signal }).catch(() => undefined);
  }
}

async function readAll(file: FileHandle): Promise<string | TokenFault> {
  // A token, and some white space behind it.
  const buffer = Buffer.alloc(MAX_TOKEN_BYTES + 16);
  let length = 0;
  for (let count = 1; count > 0 && length < buffer.length; length += count) {
    ({ bytesRead: count } = await file.read(buffer, length, buffer.length - length));
  }
  return length === buffer.length
    ? fault(`it has over ${MAX_TOKEN_BYTES} bytes; expected a token of at most that`)
    : // As the daemon has it: one character for each byte.
      buffer.toString('latin1', 0, length);
}

function describeForm(result: TokenResult): TokenResult {
  return result.ok || result.hint !== undefined
    ? result
    : fault(result.reason, 'Look at what writes it.');
}

function explain(error: unknown): TokenFault {
  const reason = describeFileError(error);
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return fault(reason, 'Check the path, and in a container the mount.');
    case 'EACCES':
      return fault(
        reason,
        'In Kubernetes set runAsUser of the pod, whose user then owns the file, or fsGroup.',
      );
    default:
      return fault(reason);
  }
}
