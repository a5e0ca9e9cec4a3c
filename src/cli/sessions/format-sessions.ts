// Sessions as a table for a terminal.
import type { ShownSession } from '../../protocol/control.ts';
import { formatSeconds } from '../../values/units.ts';
import { formatTable } from '../output/format-table.ts';

const HEADINGS = ['PID', 'ROLE', 'ENTRY', 'SUBJECT OR POD', 'ADDRESS', 'SINCE', 'ENDS IN'];

/** @param now Unix time in seconds. */
export function formatSessions(sessions: readonly ShownSession[], now: number): string {
  if (sessions.length === 0) {
    return 'no sessions\n';
  }
  const servers = new Set(sessions.map(({ server }) => server));
  const isOne = servers.size === 1;
  const headings = isOne ? HEADINGS : ['SERVER', ...HEADINGS];
  const rows = sessions.map((session) => {
    const { server, pid, role, issuer, subject, pod, address, since, ends, cause } = session;
    const cells = [
      String(pid),
      role,
      issuer,
      pod === undefined ? subject : `pod ${pod}`,
      address ?? 'local',
      `${formatSeconds(Math.max(0, Math.floor(now - since)))} ago`,
      server === undefined
        ? 'logging in, or over already'
        : ends === undefined
          ? 'never'
          : `${formatSeconds(Math.max(0, Math.ceil(ends - now)))} (${cause})`,
    ];
    return isOne ? cells : [server ?? '-', ...cells];
  });
  return formatTable(headings, rows);
}
