// What `pgtoken doctor --check` says to Nagios, Icinga and whatever else runs plugins of theirs: a line with the state, what is wrong in
// lines of its own, figures behind a bar, and the state as exit status (Monitoring Plugins Development Guidelines).
import type { Finding } from '../../doctor/finding.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { count } from '../output/report.ts';

/** The state of a service, as an exit status. */
export const CHECK_STATUS = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;

type State = keyof typeof CHECK_STATUS;

/** @returns the text, each of its lines ended, and the exit status. Advice and what is in order are left out. */
export function formatCheck(findings: readonly Finding[]): { text: string; status: number } {
  const failures = findings.filter(({ level }) => level === 'failure');
  const warnings = findings.filter(({ level }) => level === 'warning');
  const state = failures.length > 0 ? 'critical' : warnings.length > 0 ? 'warning' : 'ok';
  const sums = `${count(failures.length, 'failure')}, ${count(warnings.length, 'warning')}`;
  const figures = `failures=${failures.length} warnings=${warnings.length}`;
  const lines = [...failures, ...warnings].map(
    ({ level, fault, subject, message }) =>
      `${level} ${fault ?? ''}: ${withoutBars(`${subject}: ${message}`)}\n`,
  );
  return {
    text: `${titleOf(state)}${sums} | ${figures}\n${lines.join('')}`,
    status: CHECK_STATUS[state],
  };
}

/** What is said where nothing could be examined. */
export function formatUnknown(reason: string): string {
  return `${titleOf('unknown')}${withoutBars(reason)}\n`;
}

function titleOf(state: State): string {
  return `PGTOKEN ${state.toUpperCase()} - `;
}

/** A bar begins the figures, wherever it stands. */
function withoutBars(text: string): string {
  return toPrintable(text).replaceAll('|', '/');
}
