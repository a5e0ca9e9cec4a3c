// How a daemon stands, for a terminal: from the same numbers that Prometheus sees.
import type { DaemonStatus, Sample } from '../../protocol/control.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { formatSeconds } from '../../values/units.ts';
import { formatTable } from '../output/format-table.ts';
import { count } from '../output/report.ts';

/** Whether issuers.yaml as it is now is in force, every entry has keys, and every server that was asked answers. */
export function isWell({ inForce, problems, samples }: DaemonStatus): boolean {
  return (
    inForce !== undefined &&
    problems.length === 0 &&
    samples.every(
      ({ name, value }) => (name !== 'pgtoken_keys' && name !== 'pgtoken_server_up') || value > 0,
    )
  );
}

/** @param now Unix time in seconds. */
export function formatStatus(status: DaemonStatus, now: number): string {
  const { version, started, config, inForce, problems, samples } = status;
  const entries = labelsOf(samples, 'pgtoken_keys', 'issuer');
  const outcomes = ['granted', 'denied', 'unavailable'] as const;
  const decided = (outcome: string, issuer?: string): number =>
    sumOf(samples, 'pgtoken_decisions_total', {
      outcome,
      ...(issuer === undefined ? {} : { issuer }),
    });
  const lost = sumOf(samples, 'pgtoken_log_lines_lost_total', {});
  const facts = [
    ['daemon', `pgtoken ${version}, for ${formatSeconds(Math.max(0, now - started))}`],
    ['configuration', config],
    [
      '',
      inForce === undefined
        ? 'none is in force: nobody can log in'
        : `${problems.length === 0 ? 'in force' : 'NOT in force, an older one is'}: ${count(entries.length, 'entry', 'entries')}, SHA-256 ${inForce.slice(0, 16)}`,
    ],
    ...problems.map((problem) => ['', problem]),
    ['logins', outcomes.map((outcome) => `${decided(outcome)} ${outcome}`).join(', ')],
    ...(lost > 0 ? [['log', `${count(lost, 'line')} lost`]] : []),
  ];
  const keyAge = (issuer: string): string => {
    const age = valueOf(samples, 'pgtoken_key_age_seconds', { issuer });
    return age === undefined ? 'never' : `${formatSeconds(age)} ago`;
  };
  const rows = entries.map((issuer) => [
    issuer,
    String(valueOf(samples, 'pgtoken_keys', { issuer }) ?? 0),
    keyAge(issuer),
    ...outcomes.map((outcome) => String(decided(outcome, issuer))),
    String(valueOf(samples, 'pgtoken_sessions', { issuer }) ?? '-'),
  ]);
  const servers = labelsOf(samples, 'pgtoken_server_up', 'server').map((server) => [
    server,
    valueOf(samples, 'pgtoken_server_up', { server }) === 1 ? 'answers' : 'does NOT answer',
  ]);
  return [
    facts
      .map(([name = '', text = '']) => `${name.padEnd(15)}${toPrintable(text)}`.trimEnd())
      .map((line) => `${line}\n`)
      .join(''),
    rows.length === 0
      ? ''
      : `\n${formatTable(['ENTRY', 'KEYS', 'RETRIEVED', 'GRANTED', 'DENIED', 'UNAVAILABLE', 'SESSIONS'], rows)}`,
    servers.length === 0 ? '' : `\n${formatTable(['SERVER', 'STATE'], servers)}`,
  ].join('');
}

function matching(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>>,
): readonly Sample[] {
  return samples.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
  );
}

function valueOf(...of: Parameters<typeof matching>): number | undefined {
  return matching(...of)[0]?.value;
}

function sumOf(...of: Parameters<typeof matching>): number {
  return matching(...of).reduce((sum, { value }) => sum + value, 0);
}

function labelsOf(samples: readonly Sample[], name: string, label: string): readonly string[] {
  return matching(samples, name, {}).flatMap(({ labels }) => labels[label] ?? []);
}
