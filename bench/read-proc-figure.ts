// Figures of a process from /proc.
import { readFile } from 'node:fs/promises';

/** One figure of /proc/PID/status or smaps_rollup: kB, or a plain number. */
export async function readProcFigure(
  pid: number,
  file: 'status' | 'smaps_rollup',
  name: string,
): Promise<number> {
  const text = await readFile(`/proc/${pid}/${file}`, 'utf8');
  const [, figure] = new RegExp(`^${name}:\\s+([0-9]+)`, 'm').exec(text) ?? [];
  if (figure === undefined) {
    throw new Error(`/proc/${pid}/${file} has no ${name}`);
  }
  return Number(figure);
}
