// `pgtoken doctor`: this host from end to end, every line with its fix.
import { examineHost } from '../../doctor/examine-host.ts';
import type { Finding, Level } from '../../doctor/finding.ts';
import { createRealHost } from '../../doctor/host/real-host.ts';
import { parseConnection } from '../../doctor/server/connection/parse-connection.ts';
import { readDatabase } from '../../doctor/server/read-database.ts';
import { readRights } from '../../doctor/sessions/read-rights.ts';
import { CHECK_STATUS, formatCheck, formatUnknown } from './format-check.ts';
import { formatFindings, plain, colourful } from './format-findings.ts';
import { formatJSON } from '../output/format-json.ts';
import { count } from '../output/report.ts';
import { wantsColour } from '../output/wants-colour.ts';

/** The options of `pgtoken doctor`. */
export interface DoctorOptions {
  readonly config: string;
  readonly cacheDir: string;
  readonly service?: readonly string[];
  readonly socket?: string;
  readonly hba?: string;
  readonly db?: string;
  readonly user: string;
  readonly pamDir?: string;
  readonly moduleDir?: string;
  readonly pgbouncer: string;
  readonly json: boolean;
  /** Whether a monitoring system asks. */
  readonly check: boolean;
  /** Whether what is in order, and notes, are left out. */
  readonly quiet: boolean;
}

/** Examines the host and prints what was found. @returns the exit status. */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const db = options.db === undefined ? undefined : parseConnection(options.db);
  if (typeof db === 'string') {
    // Not the string itself, which may hold a password.
    if (options.check) {
      await write(formatUnknown(`--db: ${db}`));
      return CHECK_STATUS.unknown;
    }
    process.stderr.write(
      `pgtoken: --db: ${db}\nHINT: Write it as psql takes it, such as "host=/run/postgresql user=postgres".\n`,
    );
    return 2;
  }
  const findings = await examineHost(
    {
      config: options.config,
      cacheDir: options.cacheDir,
      services: options.service?.map((name) => name.toLowerCase()),
      socket: options.socket,
      hba: options.hba,
      db,
      user: options.user,
      pamDir: options.pamDir,
      moduleDir: options.moduleDir,
      pgbouncer: options.pgbouncer,
    },
    createRealHost(),
    readDatabase,
    readRights,
  );
  if (options.check) {
    const { text, status } = formatCheck(findings);
    await write(text);
    return status;
  }
  const told = options.quiet
    ? findings.filter(({ level }) => level === 'failure' || level === 'warning')
    : findings;
  const sums = countLevels(findings);
  await write(
    options.json
      ? formatJSON({ ok: sums.failures === 0, ...sums, findings: told.map(asJSON) })
      : formatText(told, sums),
  );
  return sums.failures === 0 ? 0 : 1;
}

interface Sums {
  readonly failures: number;
  readonly warnings: number;
  readonly notes: number;
}

function countLevels(findings: readonly Finding[]): Sums {
  const countOf = (wanted: Level): number =>
    findings.filter(({ level }) => level === wanted).length;
  return { failures: countOf('failure'), warnings: countOf('warning'), notes: countOf('note') };
}

/** Nothing at all where there is nothing to tell. */
function formatText(told: readonly Finding[], { failures, warnings, notes }: Sums): string {
  if (told.length === 0) {
    return '';
  }
  const paint = wantsColour(process.stdout, process.env) ? colourful : plain;
  const sums = [
    count(failures, 'failure'),
    count(warnings, 'warning'),
    ...(notes === 0 ? [] : [count(notes, 'note')]),
  ];
  return `${formatFindings(told, paint)}\n${sums.join(', ')}\n`;
}

/** Members that are always there, null where there is nothing to say. */
function asJSON({ topic, level, fault, subject, message, hint }: Finding): unknown {
  return { topic, level, fault: fault ?? null, subject, message, hint: hint ?? null };
}

/** Resolves when all of it has been handed over, to a pipe as well. */
async function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => {
      resolve();
    });
  });
}
