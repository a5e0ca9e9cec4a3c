// A wall clock that a test sets while a program runs: libfaketime under that program, with the offset in a file. Its monotonic
// clock, its timers and the times of files stay those of the machine, as when an administrator or NTP sets a real clock.
import { glob, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createTemporaryFolder } from './temporary-folder.ts';

export interface SteppedClock extends AsyncDisposable {
  /** What stands before a command that is to go by this clock. */
  readonly wrapper: readonly string[];
  /** Sets the clock to so many seconds ahead of the machine's; less than 0 is behind. */
  readonly setOffset: (seconds: number) => Promise<void>;
  /** Unix time in seconds by this clock. */
  readonly now: () => number;
}

/** Creates a clock that shows the machine's time until it is set. */
export async function createSteppedClock(): Promise<SteppedClock> {
  const library = await findLibrary();
  const folder = await createTemporaryFolder('clock');
  const file = join(folder.path, 'offset');
  let offset = 0;
  const setOffset = async (seconds: number): Promise<void> => {
    // As a whole, since it is read whenever somebody asks for the time.
    await writeFile(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`, { mode: 0o644 });
    await rename(`${file}.new`, file);
    offset = seconds;
  };
  await setOffset(0);
  return {
    wrapper: [
      'env',
      `LD_PRELOAD=${library}`,
      `FAKETIME_TIMESTAMP_FILE=${file}`,
      'FAKETIME_NO_CACHE=1',
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
      'NO_FAKE_STAT=1',
    ],
    setOffset,
    now: () => Date.now() / 1000 + offset,
    [Symbol.asyncDispose]: folder.remove,
  };
}

async function findLibrary(): Promise<string> {
  for await (const path of glob('/usr/lib/*/faketime/libfaketimeMT.so.1')) return path;
  throw new Error('libfaketime is missing: packaging/bootstrap.sh --with-tests installs it');
}
