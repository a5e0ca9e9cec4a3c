// For the commands that a test needs rather than tests: openssl, gcc, initdb.
import { run, type RunOptions } from './run.ts';

/** Returns the standard output; throws with everything the command said unless it exits 0. */
export async function runChecked(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(command, args, options).catch((error: unknown) => {
    throw new Error(`${command} is needed and did not run: packaging/bootstrap.sh installs it`, {
      cause: error,
    });
  });
  if (result.status !== 0) {
    const outcome = result.signal ?? `exit status ${result.status}`;
    throw new Error(`${command} ${args.join(' ')}: ${outcome}\n${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}
