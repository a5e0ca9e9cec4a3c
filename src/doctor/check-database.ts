// What the server itself says of its rules: those it cannot use, and whether it uses what the file says now.
import { toPrintable } from '../protocol/format-reply.ts';
import { faulty, fine, type Finding } from './finding.ts';
import type { DatabaseFacts } from './read-database.ts';
import type { World } from './world.ts';

/** @param shown the connection, without its password. */
export function checkDatabase(
  shown: string,
  facts: DatabaseFacts | string,
  { files }: Pick<World, 'files'>,
): readonly Finding[] {
  if (typeof facts === 'string') {
    return [
      faulty(
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
      faulty(
        'database-unprivileged',
        shown,
        'this user may not read pg_hba_file_rules and hba_file',
        'Connect as a superuser, such as postgres.',
      ),
    );
  } else {
    findings.push(fine('database', shown, `answers; its rules are in ${facts.hbaFile}`));
  }
  for (const { file, line, error } of facts.rules ?? []) {
    if (error !== undefined) {
      const hint = error.includes('SSL is disabled')
        ? 'Turn TLS on: ssl = on in postgresql.conf, with a certificate, then restart PostgreSQL.'
        : 'Correct the line, then run:\n  SELECT pg_reload_conf()';
      const subject = `${file}:${line}`;
      findings.push(
        faulty('hba-rejected', subject, `PostgreSQL says: ${toPrintable(error)}`, hint),
      );
    }
  }
  const status = facts.hbaFile === undefined ? undefined : files.status(facts.hbaFile);
  if (
    status?.ok === true &&
    facts.loadedAt !== undefined &&
    status.value.modifiedAt > facts.loadedAt
  ) {
    findings.push(
      faulty(
        'hba-unloaded',
        facts.hbaFile ?? '',
        'it was changed after PostgreSQL last read it',
        'Run:\n  SELECT pg_reload_conf()',
      ),
    );
  }
  return findings;
}
