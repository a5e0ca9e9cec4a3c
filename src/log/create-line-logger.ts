// The log of a process that has to stay small: the same lines of JSON as those of createLogger, without pino, whose code
// takes 10 MB.
import { escapeNonASCII } from '../quote.ts';

/** Writes lines as pino's logger does. */
export interface LineLogger {
  readonly info: (members: object, message: string) => void;
  readonly warn: (members: object, message: string) => void;
  readonly error: (members: object, message: string) => void;
  readonly fatal: (members: object, message: string) => void;
}

const PRIORITIES = { info: 6, warn: 4, error: 3, fatal: 2 } as const;

/**
 * Creates it.
 *
 * @param write gets each line with its line break.
 * @param withPriorities whether the priority stands in front of it, for a journal (sd-daemon(3)).
 */
export function createLineLogger(
  write: (line: string) => void,
  { withPriorities = false }: { readonly withPriorities?: boolean } = {},
): LineLogger {
  const at =
    (level: keyof typeof PRIORITIES) =>
    (members: object, msg: string): void => {
      const line = JSON.stringify({ level, time: new Date().toISOString(), ...members, msg });
      const priority = withPriorities ? `<${PRIORITIES[level]}>` : '';
      write(`${priority}${escapeNonASCII(line)}\n`);
    };
  return { info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
}
