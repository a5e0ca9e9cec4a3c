// Finds what a test should not have left behind.
import { readdir, readFile } from 'node:fs/promises';

export interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  /** Arguments joined by spaces; empty for a zombie. */
  readonly commandLine: string;
}

/** Returns the processes of the machine that satisfy the condition. Does not see what ends while it looks. */
export async function findProcesses(
  condition: (process: FoundProcess) => boolean,
): Promise<readonly FoundProcess[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const found = await Promise.all(
    pids.map(async (pid) => inspect(pid).catch(() => undefined)), // it has just ended
  );
  return found.filter((process) => process !== undefined).filter(condition);
}

async function inspect(pid: number): Promise<FoundProcess> {
  const [stat, commandLine] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
  ]);
  // pid (name) state parent …; the name may hold anything, also spaces and parentheses
  const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    parent: Number(parent),
    state,
    commandLine: commandLine.replaceAll('\0', ' ').trimEnd(),
  };
}
