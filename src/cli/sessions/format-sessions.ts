// Sessions as a table for a terminal.
import type { ShownSession } from '../../protocol/control.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { formatSeconds } from '../../values/units.ts';
import { formatTable } from '../output/format-table.ts';

const HEADINGS = ['PID', 'ROLE', 'ENTRY', 'SUBJECT OR POD', 'ADDRESS', 'SINCE', 'ENDS IN'];

/** The longest cell; the whole is in --json. */
const MAX_CELL = 80;

/** @param now Unix time in seconds. */
export function formatSessions(sessions: readonly ShownSession[], now: number): string {
  if (sessions.length === 0) {
    return 'no sessions\n';
  }
  const servers = new Set(sessions.map(({ server }) => server));
  const isOne = servers.size === 1;
  const rows = [
    isOne ? HEADINGS : ['SERVER', ...HEADINGS],
    ...sessions.map((session) => {
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
      ].map((cell) => shorten(toPrintable(cell)));
      return isOne ? cells : [server ?? '-', ...cells];
    }),
  ];
  return formatTable(rows);
}

function shorten(text: string): string {
  return text.length <= MAX_CELL ? text : `${text.slice(0, MAX_CELL - 3)}...`;
}
