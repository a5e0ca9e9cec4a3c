// `pgtoken config check` and `pgtoken config schema` on the command line.
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';
import type { ConfigCheckOptions } from './config-check.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';

/** Adds `config` with what is below it. */
export function addConfigCommand(program: Command): void {
  const config = addCommand(program, 'config', {
    summary: 'check issuers.yaml, or describe it to an editor',
    description: ['Works with issuers.yaml, the file that says whose tokens are accepted.'],
  });
  addCommand(config, 'check', {
    summary: 'check a configuration file',
    description: [
      'Checks a configuration file and every file it names, and prints all problems at once; for a file without problems, warnings about what is permitted but dangerous.',
      'Exit status: 0 it can be used, 1 it has problems (or warnings, with --strict), 2 wrong usage.',
    ],
  })
    .argument('[file]', 'the same as --config')
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option(
      '--user <name>',
      'look at files as this user; default for root: pgtoken, if there is such a user',
    )
    .option(
      '--pam-dir <folder>',
      'where PAM services are; default: /etc/pam.d, then /usr/lib/pam.d',
    )
    .option('--json', 'write JSON', false)
    .option('--strict', 'treat warnings as errors', false)
    .action(
      async (
        file: string | undefined,
        options: ConfigCheckOptions & { config: string },
        command: Command,
      ) => {
        if (file !== undefined && command.getOptionValueSource('config') !== 'default') {
          command.error('error: two files; expected one, as an argument or with --config');
        }
        const { checkConfigFile } = await import('./config-check.ts');
        process.exitCode = await checkConfigFile(file ?? options.config, options);
      },
    );
  addCommand(config, 'schema', {
    summary: 'print the JSON Schema of the file',
    description: ['Prints the JSON Schema of issuers.yaml (draft 2020-12), for editors.'],
  }).action(async () => {
    const { printConfigSchema } = await import('./config-schema.ts');
    printConfigSchema();
  });
}
