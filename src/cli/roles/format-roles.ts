// Managed roles, and what is to become of them, for a terminal.
import type { ManagedRole, RetirementStep } from '../../postgres/retire-roles.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { formatSeconds } from '../../values/units.ts';
import { formatTable } from '../output/format-table.ts';

/** The roles of a server. */
export interface ServerRoles {
  readonly server: string;
  readonly roles: readonly ManagedRole[];
}

const HEADINGS = ['ROLE', 'ENTRY', 'SUBJECT', 'MEMBER OF', 'MADE', 'LAST LOGIN', ''];

/** @param now Unix time in seconds. */
export function formatRoles(answers: readonly ServerRoles[], now: number): string {
  const rows = answers.flatMap(({ server, roles }) =>
    roles.map((role) => [
      server,
      role.role,
      role.entry ?? '-',
      role.subject ?? '-',
      role.memberOf.join(', ') || '-',
      ago(role.made, now) ?? '-',
      ago(role.lastLogin, now) ?? 'none recorded',
      stateOf(role),
    ]),
  );
  if (rows.length === 0) {
    return 'no roles\n';
  }
  const isOne = answers.length === 1;
  return formatTable(
    isOne ? HEADINGS : ['SERVER', ...HEADINGS],
    isOne ? rows.map((row) => row.slice(1)) : rows,
  );
}

function stateOf({ canLogin, retired, sessions }: ManagedRole): string {
  const open = sessions > 0 ? [`open sessions: ${sessions}`] : [];
  return [...(canLogin ? [] : [retired === null ? 'NOLOGIN' : 'retired']), ...open].join(', ');
}

function ago(time: number | null, now: number): string | undefined {
  return time === null ? undefined : `${formatSeconds(Math.max(0, Math.floor(now - time)))} ago`;
}

/** What would be done, a line each. @param now Unix time in seconds. */
export function formatSteps(server: string, steps: readonly RetirementStep[], now: number): string {
  const lines = steps.map(({ role, subject, lastLogin, step, because }) => {
    const used = `last login ${ago(lastLogin, now) ?? 'none recorded'}`;
    const by = subject === null ? '' : ` by ${subject}`;
    const what =
      step === 'keep'
        ? `keep    ${role}: ${because ?? ''}`
        : `${step === 'drop' ? 'drop  ' : 'retire'}  ${role} (${used}${by})`;
    return `server ${server}: ${toPrintable(what)}\n`;
  });
  return lines.length === 0 ? `server ${server}: nothing to do\n` : lines.join('');
}

/** For JSON; null: not known. */
export function toISO(time: number | null): string | null {
  return time === null ? null : new Date(time * 1000).toISOString();
}
