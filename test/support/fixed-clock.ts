// A program whose wall clock stands still; see fixed_clock.c.
import { compilePreload } from './compile-preload.ts';

/** Compiles what is preloaded into a folder. @returns its path. */
export async function compileFixedClock(folder: string): Promise<string> {
  return compilePreload('fixed_clock', folder);
}

/** What stands before a command so that it runs at a time. @param now Unix time in seconds. */
export function withFixedClock(library: string, now: number): readonly string[] {
  return ['env', `LD_PRELOAD=${library}`, `PGTOKEN_TEST_CLOCK=${now}`];
}
