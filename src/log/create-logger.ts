// The log of the daemon: JSON lines on standard output, where the service manager picks them up.
import { type DestinationStream, type Logger, pino } from 'pino';
import { escapeNonASCII } from '../quote.ts';

/**
 * Creates the logger. A log that cannot be written, on a full disk, is no reason to lock everybody out: the line is lost,
 * the login goes on.
 */
export function createLogger(destination: DestinationStream = standardOutput()): Logger {
  return pino(
    {
      base: null,
      timestamp: false,
      // A line that says when it happened keeps its own time.
      mixin: () => ({ time: new Date().toISOString() }),
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line) {
        try {
          // Clients choose some of these texts, issuers others, and people look at them in a terminal.
          destination.write(`${escapeNonASCII(line.trimEnd())}\n`);
        } catch {
          // Lost; there is nowhere to tell it.
        }
      },
    },
  );
}

function standardOutput(): DestinationStream {
  const destination = pino.destination({ dest: 1, sync: true });
  destination.on('error', () => undefined);
  return destination;
}
