// `pgtoken database sql`: prints SQL for review, and connects to nothing.
import { databaseSQL, removalSQL } from '../../postgres/database-sql.ts';
import { provisionSQL } from '../../postgres/schema/provision-sql.ts';

/** The options of `pgtoken database sql`. */
export interface DatabaseSQLOptions {
  readonly role: string;
  readonly provision: boolean;
  readonly remove: boolean;
}

/** Prints the SQL. */
export function printDatabaseSQL(options: DatabaseSQLOptions): void {
  process.stdout.write(chooseSQL(options));
}

/** The SQL that the options ask for. */
export function chooseSQL({ role, provision, remove }: DatabaseSQLOptions): string {
  if (remove) {
    return removalSQL(role);
  }
  return provision ? databaseSQL(role) + provisionSQL(role) : databaseSQL(role);
}
