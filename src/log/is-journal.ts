// Whether a descriptor leads to systemd's journal, which takes priorities in front of lines.
import { fstatSync } from 'node:fs';

/** @param env with JOURNAL_STREAM, device and inode of what systemd connected (systemd.exec(5)). */
export function isJournal(fd: number, env: NodeJS.ProcessEnv): boolean {
  const { JOURNAL_STREAM: stream } = env;
  if (stream === undefined) {
    return false;
  }
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
