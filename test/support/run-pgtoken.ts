// Runs bin/pgtoken of a staged installation or of the checkout, as PAM would: the request in the environment, the token on
// standard input.
import { join } from 'node:path';

import { run, type RunOptions, type RunResult } from './run.ts';

export interface RunPgtokenOptions extends RunOptions {
  /** Default: the checkout's bin/pgtoken. */
  readonly command?: string;
}

/** Resolves with exit status and output; rejects when it hangs. */
export async function runPgtoken(
  args: readonly string[],
  options: RunPgtokenOptions = {},
): Promise<RunResult> {
  const command = options.command ?? join(import.meta.dirname, '..', '..', 'bin', 'pgtoken');
  return run(command, args, options);
}
