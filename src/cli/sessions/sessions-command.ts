// `pgtoken sessions` on the command line.
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';
import { DEFAULT_CONTROL } from '../control/default-control.ts';
import { processOption } from '../option-parsers.ts';
import type { EndSessionsOptions } from './end-sessions.ts';
import type { SessionsOptions } from './sessions.ts';

/** Adds `sessions` with what is below it. */
export function addSessionsCommand(program: Command): void {
  const sessions = addCommand(program, 'sessions', {
    summary: 'show sessions that tokens opened, and end them',
    description: [
      'Shows the sessions that tokens opened: of entries with `sessions` in issuers.yaml, as the running daemon knows them. Asks the daemon, as root or as its user.',
      'Exit status: 0 shown, 2 the daemon cannot be asked.',
    ],
  })
    .option('--control <path>', 'the control socket of the daemon', DEFAULT_CONTROL)
    .option('--json', 'write JSON', false)
    .action(async (options: SessionsOptions) => {
      const { showSessions } = await import('./sessions.ts');
      process.exitCode = await showSessions(options);
    });
  addCommand(sessions, 'end', {
    summary: 'end sessions',
    description: [
      'Shows the sessions that match all of the options, and with --yes ends them. A client whose token is still good can log in again: deny it in issuers.yaml first.',
      'Exit status: 0 done, or nothing to do; 1 some of them cannot be ended now; 2 wrong usage, no option says which, or the daemon cannot be asked.',
    ],
    example: {
      title: 'Example:',
      line: 'pgtoken sessions end --subject system:serviceaccount:foo:myservice --yes',
    },
  })
    .option('--pid <pid>', 'the session of this server process', processOption)
    .option('--role <role>', 'sessions of this database role')
    .option('--subject <sub>', 'sessions opened by tokens with this sub')
    .option('--entry <name>', 'sessions granted by this entry of issuers.yaml')
    .option('--server <name>', 'sessions of this server of issuers.yaml')
    .option('--yes', 'end them; without it they are only shown', false)
    .action(async (_options: unknown, command: Command) => {
      const { endSessions } = await import('./end-sessions.ts');
      process.exitCode = await endSessions(command.optsWithGlobals<EndSessionsOptions>());
    });
}
