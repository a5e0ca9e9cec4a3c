// Tables of schema pgtoken that not everybody may write who could by a right on all of them.

/** Which roles a table lets write to it: superusers alone, or pgtoken_owner as well. */
export type TableGuard = 'refuse_writers' | 'refuse_other_writers';

/** Has a trigger refuse other writers, also in replication. The function of the guard has to be there. */
export function guardTableSQL(table: string, guard: TableGuard): string {
  return `CREATE OR REPLACE TRIGGER refuse_writers BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgtoken.${table}
  FOR EACH STATEMENT EXECUTE FUNCTION pgtoken.${guard}();
ALTER TABLE pgtoken.${table} ENABLE ALWAYS TRIGGER refuse_writers;`;
}
