// The log of the daemon: JSON lines, as the service manager picks them up from standard output.
import { type DestinationStream, type Logger, pino } from 'pino';
import { escapeNonASCII } from '../quote.ts';

/** How lines are written. */
export interface LoggerOptions {
  /** Put the priority in front of each line, as `<4>`, for a journal to take off again (sd-daemon(3)). Default: no. */
  readonly withPriorities?: boolean;
}

/** Creates the logger. What its destination throws is the destination's loss: no login ends for want of a log. */
export function createLogger(
  destination: DestinationStream,
  { withPriorities = false }: LoggerOptions = {},
): Logger {
  const stream = {
    // pino then says the level of each line.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string): void {
      try {
        // Clients choose some of these texts, issuers others, and people look at them in a terminal.
        const text = escapeNonASCII(line.trimEnd());
        const priority = withPriorities ? `<${priorityOf(this.lastLevel)}>` : '';
        destination.write(`${priority}${text}\n`);
      } catch {
        // Lost; there is nowhere to report it.
      }
    },
  };
  return pino(
    {
      base: null,
      timestamp: false,
      // A line that says when it happened keeps its own time.
      mixin: () => ({ time: new Date().toISOString() }),
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}

/** The priority of syslog(3) for a level of pino. */
function priorityOf(level: number): number {
  const [, priority = 7] = PRIORITIES.find(([least]) => level >= least) ?? [];
  return priority;
}

const PRIORITIES = [
  [60, 2],
  [50, 3],
  [40, 4],
  [30, 6],
] as const;
