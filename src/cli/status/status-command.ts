// `pgtoken status` on the command line.
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';
import { DEFAULT_CONTROL } from '../control/default-control.ts';
import type { StatusOptions } from './status.ts';

/** Adds `status`. */
export function addStatusCommand(program: Command): void {
  addCommand(program, 'status', {
    summary: 'show the state of the running daemon',
    description: [
      'Shows the running daemon, its configuration, keys, logins since its start, sessions and servers. Asks the daemon, as root or as its user.',
      'Exit status: 0 all is well; 1 the daemon does not use issuers.yaml as it is now, an entry has no keys, or a server does not answer; 2 the daemon cannot be asked.',
    ],
  })
    .option('--control <path>', 'the control socket of the daemon', DEFAULT_CONTROL)
    .option('--json', 'write JSON', false)
    .action(async (options: StatusOptions) => {
      const { showStatus } = await import('./status.ts');
      process.exitCode = await showStatus(options);
    });
}
