// `pgtoken explain` on the command line.
import { type Command, Option } from 'commander';
import { SYSTEM_CACHE_FOLDER } from '../../keys/disk-key-cache.ts';
import { addCommand } from '../add-command.ts';
import type { ExplainOptions } from './explain.ts';
import { clientOption, timeOption } from '../option-parsers.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';

/** Adds `explain`. */
export function addExplainCommand(program: Command): void {
  addCommand(program, 'explain', {
    summary: 'say why a login is granted or refused',
    description: [
      'Decides a login as the daemon does, and shows every step of it: what was expected, what was seen, the first step that failed, and what to do. Reads the token from standard input or a file, never from the command line.',
      'Exit status: 0 granted, or without --role a role to log in as; 1 denied; 2 not decided (no token, no keys, a configuration that cannot be used, or no answer from the API server of a review), or with --server a role that cannot be provisioned.',
    ],
    example: {
      title: 'Example:',
      line: 'pgtoken explain --role foo:myservice --rhost 10.0.0.7 < token',
    },
  })
    .option(
      '--role <role>',
      'the database role that is asked for (default: list those that the token may log in as)',
    )
    .option(
      '--service <service>',
      'the service: pamservice= of pg_hba.conf, or pgtoken.service for OAuth',
      'postgresql-k8s',
    )
    .addOption(
      new Option(
        '--rhost <address>',
        'the address of the client (default: a unix socket)',
      ).argParser(clientOption),
    )
    .addOption(
      new Option(
        '--at <time>',
        'decide as of this time, for example 2026-11-21T03:00:00Z',
      ).argParser(timeOption),
    )
    .option('--token-file <file>', 'the file with the token (default: standard input)')
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--cache-dir <folder>', 'where the daemon keeps keys on disk', SYSTEM_CACHE_FOLDER)
    .option(
      '--review',
      'ask the API server too, for entries with review; it is sent the token',
      false,
    )
    .option(
      '--server',
      'ask the server what would be done in it and which line of pg_hba.conf takes the login, for entries with provision',
      false,
    )
    .option(
      '--database <name>',
      'with --server, the database that pg_hba.conf is looked at for',
      'postgres',
    )
    .option('--json', 'write JSON', false)
    .action(async (options: ExplainOptions, command: Command) => {
      if (!options.server && command.getOptionValueSource('database') === 'cli') {
        command.error(
          'error: --database without --server; expected both, as pg_hba.conf is looked at with --server only',
        );
      }
      const { explain } = await import('./explain.ts');
      process.exitCode = await explain(options);
    });
}
