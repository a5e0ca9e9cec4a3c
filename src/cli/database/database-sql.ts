// `pgtoken database sql`: prints SQL for review, and connects to nothing.
import { databaseSQL, removalSQL } from '../../postgres/database-sql.ts';

/** The options of `pgtoken database sql`. */
export interface DatabaseSQLOptions {
  readonly role: string;
  readonly remove: boolean;
}

/** Prints the SQL. */
export function printDatabaseSQL({ role, remove }: DatabaseSQLOptions): void {
  process.stdout.write(remove ? removalSQL(role) : databaseSQL(role));
}
