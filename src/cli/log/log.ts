// `pgtoken log`: who logged in, who was refused and why, as the daemon has written it down.
import { once } from 'node:events';
import { messageOf } from '../../message-of.ts';
import { escapeNonASCII } from '../../quote.ts';
import { count } from '../output/report.ts';
import { formatEvent, HEADING } from './format-event.ts';
import { type LogEvent, parseEvent } from './parse-event.ts';
import { readLog, type LogSource } from './read-log.ts';
import { createSummary } from './summary.ts';

/** The options of `pgtoken log`. */
export interface LogOptions extends LogSource {
  readonly role?: string;
  readonly subject?: string;
  readonly entry?: string;
  readonly code?: string;
  readonly granted: boolean;
  readonly refused: boolean;
  readonly summary: boolean;
  readonly json: boolean;
}

/** Prints what is meant. @returns the exit status. */
export async function showLog(options: LogOptions): Promise<number> {
  const { json } = options;
  const summary = options.summary ? createSummary() : undefined;
  const width = process.stdout.isTTY ? process.stdout.columns : undefined;
  let day: string | undefined;
  const seen = { lines: 0, events: 0, shown: 0 };
  // Whoever reads no further is not to wait for lines that are still to come.
  let isLeft = false;
  process.stdout.once('error', () => {
    isLeft = true;
  });
  try {
    for await (const line of readLog(options)) {
      if (isLeft) {
        return 0;
      }
      const event = parseEvent(line);
      seen.lines += 1;
      if (event !== undefined) seen.events += 1;
      if (event === undefined || !isMeant(event, options)) {
        continue;
      }
      seen.shown += 1;
      if (summary !== undefined) {
        summary.add(event);
      } else if (json) {
        await print(`${escapeNonASCII(JSON.stringify(event.line))}\n`);
      } else {
        const today = event.time.slice(0, 10);
        const heading =
          today === day ? '' : `${day === undefined ? '' : '\n'}${today}\n${HEADING}\n`;
        day = today;
        await print(heading + formatEvent(event, width));
      }
    }
  } catch (error) {
    process.stderr.write(
      `pgtoken: the log cannot be read: ${messageOf(error)}\nHINT: Name a file with --file, or - for standard input.\n`,
    );
    return 2;
  }
  if (seen.shown === 0) {
    process.stderr.write(describeNothing(options, seen));
  } else if (summary !== undefined) {
    await print(summary.format());
  }
  return 0;
}

/** Why nothing was shown, and what to do about it. */
function describeNothing(
  { file, unit }: LogOptions,
  { lines, events }: { readonly lines: number; readonly events: number },
): string {
  if (events > 0) {
    return `pgtoken: none of ${count(events, 'event')} matches\nHINT: Where several options are given, all have to apply.\n`;
  }
  if (lines > 0 || file !== undefined) {
    return `pgtoken: no event in ${count(lines, 'line')}\nHINT: Logins and ends of sessions are in the log of pgtoken serve, a line of JSON each.\n`;
  }
  return `pgtoken: the journal has no line of ${unit}\nHINT: It is shown to root and to group systemd-journal; --file reads a log that is kept elsewhere.\n`;
}

function isMeant(event: LogEvent, options: LogOptions): boolean {
  const { since, until, role, subject, entry, code, granted, refused } = options;
  const time = Date.parse(event.time);
  return (
    (since === undefined || time >= since * 1000) &&
    // The table shows whole seconds, and who copies one means all of it.
    (until === undefined || time < (Math.floor(until) + 1) * 1000) &&
    (role === undefined || event.role === role) &&
    (subject === undefined || event.subject === subject) &&
    (entry === undefined || event.entry === entry) &&
    (code === undefined || event.code === code) &&
    (!granted || event.outcome === 'granted') &&
    (!refused || event.isRefusal)
  );
}

/** Waits while whoever reads it does not, but not for one that has gone. */
async function print(text: string): Promise<void> {
  const { stdout } = process;
  if (!stdout.write(text) && !stdout.destroyed) {
    await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => undefined);
  }
}
