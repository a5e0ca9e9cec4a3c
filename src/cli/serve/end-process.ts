// The end of the daemon's process, however its log, its disk and its name servers stand.
import { setImmediate } from 'node:timers/promises';
import type { LogOutput } from '../../log/log-output.ts';

/** Milliseconds that the log may take at the end. */
const FLUSH_LIMIT = 1000;
/** What a thread may be held by: a reader of the log that does not read, a disk or a name server that does not answer. */
const HELD = /^(?:FSReq|GetAddrInfoReq|GetNameInfoReq)/;

/**
 * Ends the process once its log is written, or after a second.
 *
 * @param status 0 or 1.
 * @param isHeld whether a thread may be held by something else.
 */
export async function endProcess(
  status: 0 | 1,
  log: Pick<LogOutput, 'flush'>,
  isHeld: boolean,
): Promise<never> {
  await log.flush(FLUSH_LIMIT);
  // The write that has just ended counts as under way until its callback is over.
  await setImmediate();
  if (isHeld || process.getActiveResourcesInfo().some((name) => HELD.test(name))) {
    endHeldProcess(status);
  }
  return process.exit(status);
}

/**
 * exit(3) would wait for the threads, for as long as what they wait for takes; the kernel does not when another program takes
 * the place of this one.
 */
function endHeldProcess(status: 0 | 1): void {
  try {
    const name = status === 0 ? 'true' : 'false';
    process.execve?.(`/bin/${name}`, [name], {});
  } catch {
    // There is no such program here.
  }
  process.kill(process.pid, 'SIGKILL');
}
