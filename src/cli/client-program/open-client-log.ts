// The log of the commands on the client's side.
import { createLineLogger, type LineLogger } from '../../log/create-line-logger.ts';
import { isJournal } from '../../log/is-journal.ts';
import { createLogOutput } from '../../log/log-output.ts';

/** Milliseconds that the log may take at the end. */
const FLUSH_LIMIT = 1000;

/** A log, and the end of the process once it is written. */
export interface ClientLogging {
  readonly log: LineLogger;
  readonly exit: (status: 0 | 1) => Promise<never>;
}

/** As the daemon's: JSON on standard output, and never waiting for whoever reads it. */
export function openClientLog(): ClientLogging {
  const withPriorities = isJournal(1, process.env);
  const output = createLogOutput({
    fd: 1,
    describeLoss: (lost) => {
      let text = '';
      const write = (line: string): void => void (text += line);
      createLineLogger(write, { withPriorities }).warn(
        { lost },
        'lines of the log were lost, as nobody took them in time',
      );
      return text;
    },
  });
  const write = (line: string): void => {
    output.write(line);
  };
  return {
    log: createLineLogger(write, { withPriorities }),
    exit: async (status) => {
      await output.flush(FLUSH_LIMIT);
      return process.exit(status);
    },
  };
}
