// `pgtoken database` on the command line.
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';
import type { DatabaseSQLOptions } from './database-sql.ts';

/** Adds `database`. */
export function addDatabaseCommand(program: Command): void {
  const database = addCommand(program, 'database', {
    summary: 'prepare a server for what the daemon does in it',
    description: ['Prepares a PostgreSQL server of this host for what the daemon does in it.'],
  });
  addCommand(database, 'sql', {
    summary: 'print what a superuser runs',
    description: [
      'Prints the SQL that a superuser runs once in each server that issuers.yaml names in `servers`: a role for the daemon, and its rights. It may be run again.',
      'Exit status: 0.',
    ],
    example: {
      title: 'Example:',
      line: 'pgtoken database sql | runuser -u postgres -- psql',
    },
  })
    .option('--role <role>', 'the role as which the daemon connects', 'pgtoken')
    .option('--remove', 'print what takes it back', false)
    .action(async (options: DatabaseSQLOptions) => {
      const { printDatabaseSQL } = await import('./database-sql.ts');
      printDatabaseSQL(options);
    });
}
