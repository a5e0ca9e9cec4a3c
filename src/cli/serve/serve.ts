// `pgtoken serve`: signals and exit codes; the daemon itself is in daemon/.
import { createPolicyLoader } from '../../daemon/reload/load-in-worker.ts';
import { type Daemon, startDaemon } from '../../daemon/start-daemon.ts';
import { StartupError } from '../../daemon/startup-error.ts';
import { placeOf } from '../../errors.ts';
import { isJournal } from '../../log/is-journal.ts';
import { openLog } from '../../log/open-log.ts';
import { endProcess } from './end-process.ts';
import { setProcessTitle } from './set-process-title.ts';
import { VERSION } from '../version.ts';

/** The options of `pgtoken serve`. */
export interface ServeOptions {
  readonly config: string;
  readonly socket: string;
  readonly group?: string;
  readonly cacheDir: string;
  readonly metrics?: string;
  /** Seconds. */
  readonly deadline: number;
  readonly maxConnections: number;
}

/**
 * Runs the daemon until it is told to end, and the process with it: a retrieval of keys that is still under way, which
 * nobody waits for any more, must not keep it for up to http.timeout.
 */
export async function serve(options: ServeOptions): Promise<never> {
  setProcessTitle(process.argv.slice(2));
  const { logger, output } = openLog(1, process.env);
  const policyLoader = createPolicyLoader(process.argv[1] ?? '');
  let daemon: Daemon | undefined;
  // In place of that of the other commands, whose status says that starting again is of no use.
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => {
    logger.fatal({ place: placeOf(error) }, 'the daemon has failed');
    daemon?.flush();
    void endProcess(1, output, policyLoader.isReading());
  });
  const starting = startDaemon({
    ...options,
    group: options.group,
    metrics: options.metrics,
    env: process.env,
    logger,
    linesLost: () => output.lost,
    loadPolicy: policyLoader.load,
    version: VERSION,
  });
  // From the start on, and not once: neither a signal that comes before it is ready nor a second one must kill it.
  const toldToEnd = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      process.on(signal, () => {
        resolve();
      });
    }
  });
  process.on('SIGHUP', () => {
    starting.then(
      async (started) => started.reload(),
      () => undefined,
    );
  });
  try {
    daemon = await starting;
    await toldToEnd;
    await daemon.stop();
  } catch (error) {
    if (error instanceof StartupError) {
      const lines = `pgtoken: ${error.message}\nHINT: ${error.hint}\n`;
      // <3>: an error (sd-daemon(3)).
      process.stderr.write(isJournal(2, process.env) ? lines.replaceAll(/^(?=.)/gm, '<3>') : lines);
      return process.exit(2);
    }
    throw error;
  }
  return endProcess(0, output, policyLoader.isReading());
}
