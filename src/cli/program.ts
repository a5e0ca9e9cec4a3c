// The command line: which commands there are, and their options. What PAM starts for each login is read in main.ts, without
// this and the library behind it; here it is for people, with help and with a word on every mistake.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { SYSTEM_CACHE_FOLDER } from '../keys/disk-key-cache.ts';
import type { ConfigCheckOptions } from './config-check.ts';
import type { DoctorOptions } from './doctor.ts';
import type { ExplainOptions } from './explain.ts';
import type { KeysOptions } from './keys.ts';
import { decideForPAM, reportAndExit } from './pam.ts';
import { DEFAULT_CONFIG, DEFAULT_TIMEOUT, parseTimeout } from './pam-arguments.ts';
import type { ServeOptions } from './serve.ts';
import { VERSION } from './version.ts';

/** Runs the command that the arguments name. */
export function runProgram(): void {
  const program = new Command('pgtoken')
    .description(
      'Log in to PostgreSQL with a Kubernetes, OIDC or SPIFFE token instead of a password.',
    )
    .version(VERSION)
    .showSuggestionAfterError()
    .showHelpAfterError('HINT: See pgtoken --help.')
    .exitOverride();

  program
    .command('pam')
    .summary('decide one login for PAM')
    .description(
      paragraphs(
        'Decides one login for a PAM module: pam_pgtoken.so with mode=exec, or the stock pam_exec.so.',
        'Reads PAM_USER, PAM_SERVICE, PAM_RHOST and PAM_TYPE from the environment and the token from standard input, ended by NUL or end of file. On a refusal writes one line to standard error.',
        'Exit status: 0 granted, 1 denied, 2 cannot decide.',
      ),
    )
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .addOption(
      new Option('--timeout <duration>', 'decide within this time of the start')
        .argParser(durationOption)
        .default(DEFAULT_TIMEOUT, '4500ms'),
    )
    .option('--cache-dir <folder>', 'where keys are remembered (default: ~/.cache/pgtoken)')
    .addHelpText(
      'after',
      [
        '',
        'Example, by hand:',
        '  PAM_USER=foo:myservice PAM_SERVICE=postgresql-k8s pgtoken pam < token; echo $?',
      ].join('\n'),
    )
    .action(async (options: { config: string; timeout: number; cacheDir?: string }) => {
      await decideForPAM(options);
    });

  program
    .command('serve')
    .summary('run the daemon that pam_pgtoken.so asks')
    .description(
      paragraphs(
        'Runs the daemon: keeps the keys of all issuers and answers pam_pgtoken.so on a unix socket. Listens on the socket that systemd hands over, or makes one at --socket.',
        'SIGHUP, or a change of the configuration, loads it again; what is invalid changes nothing. SIGTERM ends it after the logins under way.',
        'Exit status: 0 stopped by a signal, 2 could not start.',
      ),
    )
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--socket <path>', 'the socket, mode 0660', '/run/pgtoken/pgtoken.sock')
    .option('--group <group>', 'who may connect beside the user of the daemon')
    .option('--cache-dir <folder>', 'where keys are kept on disk', SYSTEM_CACHE_FOLDER)
    .option('--metrics <address>', 'serve Prometheus metrics, for example on 127.0.0.1:9187')
    .addOption(
      new Option('--deadline <duration>', "answer within this time; below the module's timeout")
        .argParser(durationOption)
        .default(4, '4s'),
    )
    .addOption(
      new Option('--max-connections <number>', 'logins at one time')
        .argParser(countOption)
        .default(512),
    )
    .action(async (options: ServeOptions) => {
      const { serve } = await import('./serve.ts');
      process.exitCode = await serve(options);
    });

  program
    .command('keys')
    .summary("show the issuers' keys")
    .description(
      paragraphs(
        'Shows for each issuer the keys that logins are verified with: those pinned in a file, or those that the daemon keeps on disk (or pgtoken pam, with its own --cache-dir), how old they are, when they are retrieved next, and what went wrong last.',
        'Exit status: 0 every issuer has keys, 1 some issuer has none, 2 the configuration cannot be used.',
      ),
    )
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--cache-dir <folder>', 'where keys are kept on disk', SYSTEM_CACHE_FOLDER)
    .option('--json', 'write JSON', false)
    .action(async (options: KeysOptions) => {
      const { showKeys } = await import('./keys.ts');
      process.exitCode = await showKeys(options);
    });

  program
    .command('explain')
    .summary('say why a login is granted or refused')
    .description(
      paragraphs(
        'Decides a login as the daemon does, and shows every step of it: what was expected, what was seen, the first step that failed, and what to do. Reads the token from standard input or a file, never from the command line.',
        'Exit status: 0 granted, 1 denied, 2 cannot be decided.',
      ),
    )
    .requiredOption('--role <role>', 'the database role that is asked for')
    .option('--service <service>', 'the PAM service', 'postgresql-k8s')
    .option('--rhost <address>', 'the address of the client (default: a unix socket)')
    .addOption(
      new Option(
        '--at <time>',
        'decide as if it were then, for example 2026-11-21T03:00:00Z',
      ).argParser(timeOption),
    )
    .option('--token-file <file>', 'the file with the token (default: standard input)')
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--cache-dir <folder>', 'where the daemon keeps keys on disk', SYSTEM_CACHE_FOLDER)
    .option('--json', 'write JSON', false)
    .addHelpText(
      'after',
      ['', 'Example:', '  pgtoken explain --role foo:myservice --rhost 10.0.0.7 < token'].join(
        '\n',
      ),
    )
    .action(async (options: ExplainOptions) => {
      const { explain } = await import('./explain.ts');
      process.exitCode = await explain(options);
    });

  program
    .command('migrate')
    .summary('translate a line of pam_oidc into issuers.yaml')
    .description(
      paragraphs(
        'Translates the auth line of pam_oidc, or of its maintained fork, into an issuers.yaml on standard output. Comments in it have the new lines of the PAM service file, and what is different.',
        'Exit status: 0 everything is carried over, 1 something is not and is told, 2 the line cannot be used.',
      ),
    )
    .argument('<line>', 'the line as it stands in the service file, in single quotes')
    .addHelpText(
      'after',
      [
        '',
        'Example:',
        "  pgtoken migrate 'auth required pam_oidc.so issuer=https://k8s-oidc.example.com aud=postgres' > issuers.yaml",
      ].join('\n'),
    )
    .action(async (line: string) => {
      const { migrate } = await import('./migrate.ts');
      process.exitCode = migrate(line);
    });

  program
    .command('doctor')
    .summary('examine this host from end to end')
    .description(
      paragraphs(
        'Examines this host from end to end: configuration, issuers, clock, keys, PAM service, module, socket, daemon, pg_hba.conf, roles and PgBouncer. Each line says ok, warning or failure, and each fault how to fix it. Changes nothing. Best run as root.',
        'Exit status: 0 nothing fails, 1 something does, 2 wrong usage.',
      ),
    )
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--cache-dir <folder>', 'where the daemon keeps keys on disk', SYSTEM_CACHE_FOLDER)
    .addOption(
      new Option(
        '--service <name>',
        'a PAM service; may be written several times (default: postgresql-k8s)',
      ).argParser(serviceOption),
    )
    .option('--socket <path>', "the daemon's socket; default: the one that the service names")
    .option('--hba <file>', 'pg_hba.conf; default: the one of --db, or those in /etc/postgresql')
    .option(
      '--db <connection>',
      'ask this server as well, such as "host=/run/postgresql user=postgres"',
    )
    .option('--user <name>', 'the user that PostgreSQL runs as', 'postgres')
    .option(
      '--pam-dir <folder>',
      'where PAM services are; default: /etc/pam.d, then /usr/lib/pam.d',
    )
    .option('--module-dir <folder>', "where PAM modules are; default: the system's")
    .option('--pgbouncer <file>', 'the configuration of PgBouncer', '/etc/pgbouncer/pgbouncer.ini')
    .option('--json', 'write JSON', false)
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('./doctor.ts');
      // A look-up of a name that nobody waits for any more must not keep it.
      process.exit(await runDoctor(options));
    });

  const config = program.command('config').summary('work with issuers.yaml');

  config
    .command('check')
    .summary('check a configuration file')
    .description(
      paragraphs(
        'Checks a configuration file and every file it names, and prints all problems at once; for a file without problems, warnings of what is permitted and dangerous.',
        'Exit status: 0 it can be used, 1 it has problems (or warnings, with --strict), 2 wrong usage.',
      ),
    )
    .argument('[file]', 'the configuration', DEFAULT_CONFIG)
    .option('--json', 'write JSON', false)
    .option('--strict', 'take warnings for problems', false)
    .action(async (file: string, options: ConfigCheckOptions) => {
      const { checkConfigFile } = await import('./config-check.ts');
      process.exitCode = await checkConfigFile(file, options);
    });

  config
    .command('schema')
    .summary('print the JSON Schema of the file')
    .description('Prints the JSON Schema of issuers.yaml (draft 2020-12), for editors.')
    .action(async () => {
      const { printConfigSchema } = await import('./config-schema.ts');
      printConfigSchema();
    });

  program.parseAsync().catch((error: unknown) => {
    if (error instanceof CommanderError) {
      // Commander has said what is wrong. Help and version are no failures, but in a PAM service they are no grant either.
      process.exitCode = error.exitCode === 0 && process.env['PAM_TYPE'] === undefined ? 0 : 2;
    } else {
      reportAndExit(error);
    }
  });
}

function durationOption(text: string): number {
  const seconds = parseTimeout(text);
  if (seconds === undefined) {
    throw new InvalidArgumentError('expected a duration from "100ms" to "60s"');
  }
  return seconds;
}

/** @returns Unix time in seconds. */
function timeOption(text: string): number {
  const time = Date.parse(text);
  if (
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ||
    Number.isNaN(time)
  ) {
    throw new InvalidArgumentError('expected a time with its zone, such as 2026-11-21T03:00:00Z');
  }
  return time / 1000;
}

function serviceOption(text: string, before: readonly string[] = []): readonly string[] {
  if (text === '' || text.includes('/')) {
    throw new InvalidArgumentError('expected the name of a file of the PAM folder');
  }
  return [...before, text];
}

function countOption(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) {
    throw new InvalidArgumentError('expected a number from 1 to 99999');
  }
  return Number(text);
}

function paragraphs(...texts: readonly string[]): string {
  return texts.join('\n\n');
}
