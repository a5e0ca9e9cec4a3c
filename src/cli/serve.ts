// `pgtoken serve`: signals and exit codes; the daemon itself is in daemon/.
import { startDaemon } from '../daemon/start-daemon.ts';
import { StartupError } from '../daemon/startup-error.ts';
import { createLogger } from '../log/create-logger.ts';
import { VERSION } from './version.ts';

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
  const starting = startDaemon({
    ...options,
    group: options.group,
    metrics: options.metrics,
    env: process.env,
    logger: createLogger(),
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
      async (daemon) => daemon.reload(),
      () => undefined,
    );
  });
  try {
    const daemon = await starting;
    await toldToEnd;
    await daemon.stop();
  } catch (error) {
    if (error instanceof StartupError) {
      process.stderr.write(`pgtoken: ${error.message}\nHINT: ${error.hint}\n`);
      return process.exit(2);
    }
    throw error;
  }
  return process.exit(0);
}
