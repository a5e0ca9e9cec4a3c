// `pgtoken database` on the command line.
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';
import type { DatabaseApplyOptions } from './database-apply.ts';
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
    .option('--provision', 'with what entries with provision need: schema pgtoken', false)
    .option('--remove', 'print what takes it back', false)
    .action(async (options: DatabaseSQLOptions) => {
      const { printDatabaseSQL } = await import('./database-sql.ts');
      printDatabaseSQL(options);
    });
  addCommand(database, 'apply', {
    summary: 'run it in a server of issuers.yaml',
    description: [
      'Runs in a server of issuers.yaml what `pgtoken database sql` prints for it, with --provision where an entry provisions roles there: over its unix socket, as the superuser who calls it. It may be run again.',
      'Exit status: 0 done, 1 the server refuses it, 2 there is no such server, or issuers.yaml cannot be used.',
    ],
    example: {
      title: 'Example:',
      line: 'runuser -u postgres -- pgtoken database apply --server main',
    },
  })
    .requiredOption('--server <name>', 'one of servers')
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option(
      '--superuser <role>',
      'the superuser, for another than the role of the name of who calls',
    )
    .option('--remove', 'take it back', false)
    .action(async (options: DatabaseApplyOptions) => {
      const { applyDatabaseSQL } = await import('./database-apply.ts');
      process.exitCode = await applyDatabaseSQL(options);
    });
}
