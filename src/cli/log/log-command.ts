// `pgtoken log` on the command line.
import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../values/units.ts';
import { addCommand } from '../add-command.ts';
import { timeOption } from '../option-parsers.ts';
import type { LogOptions } from './log.ts';

/** Adds `log`. */
export function addLogCommand(program: Command): void {
  addCommand(program, 'log', {
    summary: 'show who logged in, and who was refused and why',
    description: [
      'Shows logins and ended sessions from the log of the daemon: from the journal of this host, or from a file with its lines. With several options, those that match all of them. Times are UTC.',
      'Exit status: 0 shown, 2 the log cannot be read.',
    ],
    example: { title: 'Example:', line: 'pgtoken log --since 2h --refused --summary' },
  })
    .option('--file <path>', 'lines of the log in a file, - for standard input')
    .option('--unit <name>', 'the unit whose lines are taken from the journal', 'pgtoken')
    .option('--since <when>', 'from then on: a time, or how long ago: 30m, 2h or 7d', whenOption)
    .option('--until <when>', 'up to and including that second, in the same forms', whenOption)
    .option('--role <role>', 'of this database role')
    .option('--subject <sub>', 'by tokens with this sub')
    .option('--entry <name>', 'by this entry of issuers.yaml')
    .option('--code <code>', 'with this code of a refusal or an end')
    .option('--granted', 'logins that were granted', false)
    .option('--refused', 'logins that were not granted', false)
    .option('--summary', 'count them by entry, role and outcome, with the time of the last', false)
    .option('--follow', 'wait for more', false)
    .option('--json', 'write the lines as they are in the log', false)
    .action(async (options: LogOptions, command: Command) => {
      if (options.summary && (options.follow || options.json)) {
        command.error(
          'error: --summary stands alone; expected neither --follow nor --json with it',
        );
      }
      if (options.granted && options.refused) {
        command.error(
          'error: no login is both granted and refused; expected --granted or --refused, or neither for all of them',
        );
      }
      if (options.until !== undefined && options.follow) {
        command.error('error: --until has an end, and --follow has none; expected one of them');
      }
      if (options.until !== undefined && (options.since ?? -Infinity) > options.until) {
        command.error('error: --since is after --until; expected the earlier time in --since');
      }
      const { showLog } = await import('./log.ts');
      process.exitCode = await showLog(options);
    });
}

/** @returns Unix time in seconds. */
function whenOption(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) {
    return Date.now() / 1000 - seconds;
  }
  try {
    return timeOption(text);
  } catch {
    throw new InvalidArgumentError(
      'expected a time with its zone, such as 2026-11-21T03:00:00Z, or a duration such as 2h',
    );
  }
}
