// A login or the end of a session as a line for a person, 80 columns wide where that is enough; why it was refused, or ended, is a
// second one. What clients have chosen is printed without what a terminal would obey.
import { toPrintable } from '../../protocol/format-reply.ts';
import type { LogEvent } from './parse-event.ts';

/** Characters of the columns; what is longer pushes the rest to the right. */
const WIDTHS = { time: 8, outcome: 11, role: 22, entry: 12 };

/** What stands above the lines of a day. */
export const HEADING = formatCells('TIME', 'OUTCOME', 'ROLE', 'ENTRY', 'FROM');

/** @param width where lines are cut; undefined: nowhere. @returns whole lines. */
export function formatEvent(event: LogEvent, width?: number): string {
  const { time, outcome, role = '-', entry = '-', address = 'local' } = event;
  const { pod, subject, code, reason } = event;
  const who = pod === undefined ? subject : `pod ${pod}`;
  const first = formatCells(time.slice(11, 19), outcome, role, entry, address);
  const second = [code, reason ?? who].filter((part) => part !== undefined).join(': ');
  // A role that is the end of the subject, as that of a service account, says who it is.
  const isKnown = code === undefined && reason === undefined && who?.endsWith(role) === true;
  const lines =
    second === '' || isKnown ? [first] : [first, `${' '.repeat(WIDTHS.time + 2)}${second}`];
  return lines.map((line) => `${cut(toPrintable(line), width)}\n`).join('');
}

function formatCells(
  time: string,
  outcome: string,
  role: string,
  entry: string,
  address: string,
): string {
  const cells = [
    time.padEnd(WIDTHS.time),
    outcome.padEnd(WIDTHS.outcome),
    role.padEnd(WIDTHS.role),
    entry.padEnd(WIDTHS.entry),
    address,
  ];
  return cells.join('  ').trimEnd();
}

function cut(line: string, width: number | undefined): string {
  return width === undefined || line.length <= width ? line : `${line.slice(0, width - 3)}...`;
}
