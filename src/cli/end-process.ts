// The end of the daemon's process, however its log stands.
import type { LogOutput } from '../log/log-output.ts';

/** Milliseconds that the log may take at the end. */
const FLUSH_LIMIT = 1000;

/** Ends the process once its log is written, or after a second. @param status 0 or 1. */
export async function endProcess(
  status: 0 | 1,
  log: Pick<LogOutput, 'flush' | 'isWriting'>,
): Promise<never> {
  await log.flush(FLUSH_LIMIT);
  if (log.isWriting) {
    endBlockedProcess(status);
  }
  return process.exit(status);
}

/**
 * exit(3) would wait for the thread that is blocked in write(2), for as long as nobody reads the log; the kernel does not
 * when another program takes the place of this one.
 */
function endBlockedProcess(status: 0 | 1): void {
  try {
    const name = status === 0 ? 'true' : 'false';
    process.execve?.(`/bin/${name}`, [name], {});
  } catch {
    // There is no such program here.
  }
  process.kill(process.pid, 'SIGKILL');
}
