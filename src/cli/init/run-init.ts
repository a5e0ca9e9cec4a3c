// Runs `pgtoken init` until it is done, or until whoever was asked has had enough.
import { init } from './init.ts';
import type { InitOptions } from './init-options.ts';

/** @returns the exit status. */
export async function runInit(kind: string | undefined, options: InitOptions): Promise<number> {
  try {
    return await init(kind, options);
  } catch (error) {
    if (error instanceof Error && error.name === 'CancelledError') {
      process.stderr.write('pgtoken: ended before anything was written\n');
      return 1;
    }
    throw error;
  }
}
