// `pgtoken serve` on the command line.
import { type Command, Option } from 'commander';
import { SYSTEM_CACHE_FOLDER } from '../../keys/disk-key-cache.ts';
import { addCommand } from '../add-command.ts';
import { countOption, durationOption } from '../option-parsers.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';
import type { ServeOptions } from './serve.ts';

/** Adds `serve`. */
export function addServeCommand(program: Command): void {
  addCommand(program, 'serve', {
    summary: 'run the daemon that pam_pgtoken.so asks',
    description: [
      'Runs the daemon: keeps the keys of all issuers and answers pam_pgtoken.so on a unix socket. Listens on the socket that systemd hands over, or makes one at --socket.',
      'SIGHUP, or a change of the configuration, loads it again; what is invalid changes nothing. Without a valid one no login is granted until there is one. SIGTERM ends it after the logins under way.',
      'Exit status: 0 stopped by a signal, 1 failed, 2 could not start.',
    ],
  })
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--socket <path>', 'the socket, mode 0660', '/run/pgtoken/pgtoken.sock')
    .option('--group <group>', 'the group that may connect, besides the user of the daemon')
    .option('--cache-dir <folder>', 'where keys are kept on disk', SYSTEM_CACHE_FOLDER)
    .option('--metrics <address>', 'serve Prometheus metrics, for example on 127.0.0.1:10432')
    .addOption(
      new Option('--deadline <duration>', "answer within this time; below the module's timeout")
        .argParser(durationOption)
        .default(4, '4s'),
    )
    .addOption(
      new Option('--max-connections <number>', 'the most logins at one time')
        .argParser(countOption)
        .default(512),
    )
    .action(async (options: ServeOptions) => {
      const { serve } = await import('./serve.ts');
      process.exitCode = await serve(options);
    });
}
