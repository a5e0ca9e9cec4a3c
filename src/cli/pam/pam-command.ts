// `pgtoken pam` as people call it; as PAM modules do, it never comes here (main.ts).
import { type Command, Option } from 'commander';
import { addCommand } from '../add-command.ts';
import { durationOption } from '../option-parsers.ts';
import { DEFAULT_CONFIG, DEFAULT_TIMEOUT } from '../pam-arguments.ts';
import { decideForPAM } from './pam.ts';

/** Adds `pam`. */
export function addPAMCommand(program: Command): void {
  addCommand(program, 'pam', {
    summary: 'decide one login for PAM',
    description: [
      'Decides one login for a PAM module: pam_pgtoken.so with mode=exec, or the stock pam_exec.so.',
      'Reads PAM_USER, PAM_SERVICE, PAM_RHOST and PAM_TYPE from the environment and the token from standard input, ended by NUL or end of file. On a refusal writes one line to standard error.',
      'Exit status: 0 granted, 1 denied, 2 cannot decide.',
    ],
    example: {
      title: 'Example, by hand:',
      line: 'printf %s "$(cat token)" | PAM_USER=foo:myservice PAM_SERVICE=postgresql-k8s pgtoken pam; echo $?',
    },
  })
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .addOption(
      new Option('--timeout <duration>', 'decide within this time of the start')
        .argParser(durationOption)
        .default(DEFAULT_TIMEOUT, '4500ms'),
    )
    .option(
      '--cache-dir <folder>',
      'where keys are remembered, for another configuration in a folder of its own (default: ~/.cache/pgtoken)',
    )
    .action(async (options: { config: string; timeout: number; cacheDir?: string }) => {
      await decideForPAM(options);
    });
}
