// A server's log file, read from a mark on, so that a test sees the lines of its own login only.
import { readFile, stat } from 'node:fs/promises';

import { poll } from './poll.ts';

export interface ServerLog {
  readonly path: string;
  /** The end of the log at this moment. */
  readonly mark: () => Promise<number>;
  /** What was written since the mark; without one, everything. */
  readonly since: (mark?: number) => Promise<string>;
  /** Waits until something written since the mark matches. Bounded; the error shows what was there instead. */
  readonly waitFor: (pattern: RegExp, mark?: number) => Promise<RegExpExecArray>;
}

export function openServerLog(path: string): ServerLog {
  const since = async (mark = 0): Promise<string> =>
    (await readFile(path)).subarray(mark).toString('utf8');
  return {
    path,
    mark: async () => (await stat(path)).size,
    since,
    waitFor: async (pattern, mark = 0) =>
      poll(`${pattern} in ${path}`, async () => pattern.exec(await since(mark)) ?? undefined).catch(
        async (error: unknown) => {
          throw new Error(`${String(pattern)} is not in the log:\n${await since(mark)}`, {
            cause: error,
          });
        },
      ),
  };
}
