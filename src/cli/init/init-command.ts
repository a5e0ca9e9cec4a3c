// `pgtoken init` on the command line.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCommand } from '../add-command.ts';
import { serviceOption } from '../option-parsers.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';
import type { InitOptions } from './init-options.ts';
import { addressOption, databaseOption, nameOption } from './line-options.ts';

/** Adds `init`. */
export function addInitCommand(program: Command): void {
  addCommand(program, 'init', {
    summary: 'write the files of a first login',
    description: [
      'Writes issuers.yaml and the PAM service for an issuer of a known kind, from the shipped examples: shows first what it would do, writes what is missing, overwrites nothing, and runs doctor afterwards. Prints the commands for pg_hba.conf and the database, and does not run them.',
      'Asks for what no option says; without a terminal that is an error. The issuer is found by --url, --token-file or --kubectl, or its kind is named.',
      'Exit status: 0 all is written, or would be; 1 something is in the way, such as a file that is there already; 2 wrong usage, or a value that is needed is missing.',
    ],
    example: {
      title: 'Example:',
      line: 'pgtoken init kubernetes --url https://k8s-oidc.example.com --dry-run',
    },
  })
    .argument('[kind]', 'the kind of issuer; --list shows all')
    .option('--list', 'show the kinds of issuers', false)
    .option('--url <url>', "the issuer's URL; its discovery document is asked for")
    .option(
      '--token-file <file>',
      'a token of the issuer, - for standard input; it is decoded, and neither trusted nor shown',
    )
    .option('--kubectl [context]', 'the cluster of a context of kubectl; default: the current one')
    .option('--audience <audience>', 'the audience of the tokens')
    .option(
      '--certificate-authority <file>',
      "the certificate authority of the issuer's server, in PEM; default: the system's",
    )
    .option('--jwks <file>', 'the keys of the issuer, for kinds whose keys are pinned')
    .addOption(
      new Option(
        '--set <name=value>',
        'what else the kind needs; may be written several times',
      ).argParser(settingOption),
    )
    .addOption(
      new Option('--name <name>', 'the name of the entry; default: that of the example').argParser(
        nameOption,
      ),
    )
    .addOption(
      new Option(
        '--service <name>',
        'the PAM service; default: postgresql-k8s, -people, -ci, -cloud or -spiffe',
      ).argParser((name) => serviceOption(name)[0]),
    )
    .option('--provision', 'have roles made at login', false)
    .addOption(
      new Option('--database <name>', 'the database of the line for pg_hba.conf')
        .default('all')
        .argParser(databaseOption),
    )
    .addOption(
      new Option('--address <address>', 'the clients of the line for pg_hba.conf')
        .default('all')
        .argParser(addressOption),
    )
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--pam-dir <folder>', 'where the PAM service is written', '/etc/pam.d')
    .option('--hba <file>', 'pg_hba.conf; default: those of the servers of this host')
    .option('--offline', 'ask no issuer', false)
    .option('--dry-run', 'write nothing; show the plan and the files', false)
    .option('--no-doctor', 'do not run doctor afterwards')
    .action(async (kind: string | undefined, options: InitOptions) => {
      const { runInit } = await import('./run-init.ts');
      process.exitCode = await runInit(kind, options);
    });
}

/** `NAME=VALUE`, as often as there are names. */
function settingOption(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[a-z][a-z0-9-]*=./.test(text)) {
    throw new InvalidArgumentError('expected name=value');
  }
  return [...before, text];
}
