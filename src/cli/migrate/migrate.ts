// `pgtoken migrate`: from a line of pam_oidc to issuers.yaml. The file goes to standard output; what is lost on the way is
// also told on standard error, where somebody who redirects the file sees it.
import { formatFinding, formatMigration } from '../../migrate/format-migration.ts';
import { translateLine } from '../../migrate/translate-line.ts';

/**
 * Translates a line and prints the file.
 *
 * @returns the exit status: 0 everything is carried over, 1 something is not, 2 the line is none that pam_oidc would take.
 */
export function migrate(line: string): number {
  const migration = translateLine(line);
  if (!migration.usable) {
    for (const { message, hint } of migration.problems) {
      process.stderr.write(`error: ${message}\n${hint === undefined ? '' : `HINT: ${hint}\n`}`);
    }
    return 2;
  }
  process.stdout.write(formatMigration(migration));
  for (const loss of migration.losses) {
    process.stderr.write(`not carried over: ${formatFinding(loss)}\n`);
  }
  return migration.losses.length === 0 ? 0 : 1;
}
