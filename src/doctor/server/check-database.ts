// What the server itself says of its rules: those it cannot use, and whether it uses what the file says now.
import { toPrintable } from '../../protocol/format-reply.ts';
import { fault, ok, type Finding } from '../finding.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import type { DatabaseFacts } from './read-database.ts';
import type { Host } from '../host/host.ts';

/** What is looked at beside the answer. */
export interface DatabaseTerms {
  /** The files that it has its rules from, as far as they could be read. */
  readonly hbaFiles: readonly string[];
  /** Lines that use pgtoken. */
  readonly own: readonly HBARule[];
}

/** @param shown the connection, without its password. */
export function checkDatabase(
  shown: string,
  facts: DatabaseFacts | string,
  { hbaFiles, own }: DatabaseTerms,
  { files }: Pick<Host, 'files'>,
): readonly Finding[] {
  if (typeof facts === 'string') {
    return [
      fault(
        'database-unreachable',
        shown,
        toPrintable(facts),
        'Correct --db; a password may also stand in PGPASSWORD or ~/.pgpass, and peer wants the user of that name.',
      ),
    ];
  }
  const findings: Finding[] = [];
  if (facts.rules === undefined || facts.hbaFile === undefined) {
    findings.push(
      fault(
        'database-unprivileged',
        shown,
        'this user may not read pg_hba_file_rules and hba_file',
        'Connect as a superuser, such as postgres.',
      ),
    );
  } else {
    findings.push(ok('database', shown, `answers; its rules are in ${facts.hbaFile}`));
  }
  for (const row of facts.rules ?? []) {
    const { file, line, rule } = row;
    // Of some lines that it does not take, such as one with another value of clientcert, PostgreSQL says so in its log alone.
    const error =
      row.error ??
      (rule === undefined ? 'nothing here, and why it cannot use the line in its log' : undefined);
    const isAboutTLS = error?.includes('SSL is disabled') === true;
    // What it comes to where a line of ours is not used, check-tls.ts says.
    const isTold = isAboutTLS && own.some((one) => one.file === file && one.line === line);
    if (error !== undefined && !isTold) {
      const hint = isAboutTLS
        ? 'Turn TLS on, or take the line away.'
        : 'Correct the line, then run:\n  SELECT pg_reload_conf()';
      findings.push(
        fault('hba-rejected', `${file}:${line}`, `PostgreSQL says: ${toPrintable(error)}`, hint),
      );
    }
  }
  return [...findings, ...hbaFiles.flatMap((path) => checkLoaded(path, facts.loadedAt, files))];
}

/** Whether the server goes by what a file says now, by their times. */
function checkLoaded(path: string, loadedAt: number | undefined, files: Host['files']): Finding[] {
  const status = files.status(path);
  return status.ok && loadedAt !== undefined && status.value.modifiedAt > loadedAt
    ? [
        fault(
          'hba-unloaded',
          path,
          'it was changed after PostgreSQL last read it: logins go by what it said before',
          'Run:\n  SELECT pg_reload_conf()',
        ),
      ]
    : [];
}
