// `pgtoken roles` on the command line.
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';
import { daysOption } from '../option-parsers.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';
import type { RetireRolesOptions } from './retire-roles.ts';
import type { RolesOptions } from './roles.ts';

/** Adds `roles` with what is below it. */
export function addRolesCommand(program: Command): void {
  const roles = addCommand(program, 'roles', {
    summary: 'show roles that follow tokens, and retire unused ones',
    description: [
      'Shows the roles that pgtoken manages, of entries with `provision` in issuers.yaml, and when each was last logged in to by a token. Asks the servers, as the user of the daemon.',
      'Exit status: 0 shown; 2 a server cannot be asked, or issuers.yaml cannot be used.',
    ],
    example: { title: 'Example:', line: 'runuser -u pgtoken -- pgtoken roles' },
  })
    .option(
      '--server <name>',
      'the server, by its name in issuers.yaml (default: all in which entries provision roles)',
    )
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--json', 'write JSON', false)
    .action(async (options: RolesOptions) => {
      const { showRoles } = await import('./roles.ts');
      process.exitCode = await showRoles(options);
    });
  addCommand(roles, 'retire', {
    summary: 'take LOGIN from roles that are not used any more',
    description: [
      'Shows which managed roles no token has logged in to for that long, and with --yes sets them NOLOGIN; with --drop it drops those that it set NOLOGIN at least an hour before and that hold nothing. A superuser of the server allows it first, with pgtoken.allow_retirement().',
      'Exit status: 0 done, or nothing to do; 1 some of it could not be done; 2 a server cannot be asked or does not allow it, or wrong usage.',
    ],
    example: {
      title: 'Example:',
      line: 'runuser -u pgtoken -- pgtoken roles retire --unused 90d --yes',
    },
  })
    .requiredOption('--unused <duration>', 'without a login for so long, such as 90d', daysOption)
    .option('--drop', 'also drop roles that were retired before and hold nothing', false)
    .option('--yes', 'do it; without it the plan is only shown', false)
    .action(async (_options: unknown, command: Command) => {
      const { retireRoles } = await import('./retire-roles.ts');
      process.exitCode = await retireRoles(command.optsWithGlobals<RetireRolesOptions>());
    });
}
