// `pgtoken database` on the command line.
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';
import type { DatabaseApplyOptions } from './database-apply.ts';
import type { DatabaseSQLOptions } from './database-sql.ts';

/** Adds `database`. */
export function addDatabaseCommand(program: Command): void {
  const database = addCommand(program, 'database', {
    summary: 'prepare a server for sessions and roles',
    description: [
      'Prepares a PostgreSQL server of this host for `sessions` and `provision` of issuers.yaml: for the daemon to end sessions, and to make and grant roles.',
    ],
  });
  addCommand(database, 'sql', {
    summary: 'print the SQL that a superuser is to run',
    description: [
      'Prints the SQL that a superuser runs once in each server that issuers.yaml names in `servers`: a role for the daemon, and its rights. It may be run again.',
      'Exit status: 0.',
    ],
    example: {
      title: 'Example:',
      line: 'pgtoken database sql | runuser -u postgres -- psql',
    },
  })
    .option('--role <role>', 'the role that the daemon connects as', 'pgtoken')
    .option('--provision', 'add schema pgtoken, for entries with provision', false)
    .option('--remove', 'print the SQL that takes all of it back', false)
    .action(async (options: DatabaseSQLOptions) => {
      const { printDatabaseSQL } = await import('./database-sql.ts');
      printDatabaseSQL(options);
    });
  addCommand(database, 'apply', {
    summary: 'run that SQL in a server of issuers.yaml',
    description: [
      'Runs in a server of issuers.yaml what `pgtoken database sql` prints for it, with --provision where an entry provisions roles there: over its unix socket, as the superuser with the name of the user who runs it. It may be run again.',
      'Exit status: 0 done; 1 the server refuses it, or cannot be reached; 2 there is no such server, or issuers.yaml cannot be used.',
    ],
    example: {
      title: 'Example:',
      line: 'runuser -u postgres -- pgtoken database apply --server main',
    },
  })
    .requiredOption('--server <name>', 'the server, by its name in issuers.yaml')
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option(
      '--superuser <role>',
      'the superuser to connect as (default: the role with the name of the user who runs this)',
    )
    .option('--remove', 'take all of it back, the role of the daemon included', false)
    .action(async (options: DatabaseApplyOptions) => {
      const { applyDatabaseSQL } = await import('./database-apply.ts');
      process.exitCode = await applyDatabaseSQL(options);
    });
}
