import { run } from '../../support/run.ts';

/** Throws, with what to do, when there is no such command. @returns the first line of what it says of itself. */
export async function needTool(
  command: string,
  args: readonly string[],
  hint: string,
): Promise<string> {
  const result = await run(command, args).catch(() => undefined);
  if (result?.status !== 0) {
    throw new Error(`\`${command} ${args.join(' ')}\` is needed and does not run\nHINT: ${hint}`);
  }
  return (result.stdout || result.stderr).split('\n')[0]?.trim() ?? '';
}
