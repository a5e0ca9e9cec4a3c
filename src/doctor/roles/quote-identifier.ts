// Names of roles as SQL has them, for statements that somebody is told to run.

/** @returns the name as a quoted identifier (PostgreSQL, section 4.1.1). */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
