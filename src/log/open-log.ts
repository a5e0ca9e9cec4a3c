// The log of a process: a logger whose lines wait in a bounded buffer, and never for whoever reads them.
import type { Logger } from 'pino';
import { createLogger } from './create-logger.ts';
import { isJournal } from './is-journal.ts';
import { createLogOutput, type LogOutput } from './log-output.ts';

/** A logger, and what becomes of its lines. */
export interface Log {
  readonly logger: Logger;
  readonly output: Pick<LogOutput, 'flush' | 'lost'>;
}

/** Opens the log on a descriptor. @param env where systemd says whether that is its journal. */
export function openLog(fd: number, env: NodeJS.ProcessEnv): Log {
  const withPriorities = isJournal(fd, env);
  const output = createLogOutput({
    fd,
    describeLoss: (lines) => describeLoss(lines, withPriorities),
  });
  return { logger: createLogger(output, { withPriorities }), output };
}

/** By a logger of its own, as the line goes in front of what has come since. */
function describeLoss(lines: number, withPriorities: boolean): string {
  let text = '';
  const logger = createLogger({ write: (line) => void (text += line) }, { withPriorities });
  logger.warn({ lost: lines }, 'lines of the log were lost, as nobody took them in time');
  return text;
}
