// `pgtoken pgpass` on the command line.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Address, parseLoopbackAddress } from '../../client/health/parse-address.ts';
import { parseMode } from '../../client/pgpass/parse-mode.ts';
import { addCommand } from '../add-command.ts';
import { durationOption } from '../option-parsers.ts';
import { type PgpassOptions, planPgpass } from './plan-pgpass.ts';

/** What may be written beside --config, whose file has all the rest. */
const BESIDE_CONFIG = ['config', 'once'];

/** Adds `pgpass`. */
export function addPgpassCommand(program: Command): void {
  addCommand(program, 'pgpass', {
    summary: 'keep a .pgpass fresh for clients that know nothing of tokens',
    description: [
      'Writes a token as the password of a line of a .pgpass, which libpq reads anew for each connection, and replaces it before it expires. Other lines stay as they are. Runs until SIGTERM.',
      'The token comes from a file that is followed, from a metadata server, or from a command, which prints a token or an ExecCredential of client-go. It is decoded to see when it expires, and for --user-from; its signature is not checked here. What cannot be read or has expired never takes the place of a good one.',
      'Exit status: 0 stopped by a signal, or written with --once; 1 failed; 2 wrong usage.',
    ],
    example: {
      title: 'Examples:',
      line: 'pgtoken pgpass --host db.example.com --user foo:myservice --token-file /var/run/secrets/tokens/postgres\n  pgtoken pgpass --host db.example.com --user alice -- kubectl oidc-login get-token --oidc-issuer-url=https://sso.example.com --oidc-client-id=postgres',
    },
  })
    .argument('[command...]', 'after --: the command that prints a token, without a shell')
    .option(
      '--host <name>',
      'the server, as the client names it; several with commas (default: what PGHOST has)',
    )
    .option('--port <port>', 'its port, as the client names it (default: PGPORT, or 5432)')
    .option('--database <name>', 'the database', '*')
    .option('--user <role>', 'the role (default: what PGUSER has)')
    .option('--user-from <claim>', 'the claim of the token that names the role, such as sub')
    .option('--trim-prefix <text>', 'what stands in front of the role in that claim')
    .option('--token-file <path>', 'the file with the token')
    .option('--gcp-metadata <audience>', "an identity token of Google's metadata server")
    .option('--azure-imds <resource>', "an access token of Azure's metadata service")
    .option(
      '--azure-federation <scope>',
      'an access token of Microsoft Entra, by workload identity',
    )
    .option('--aws-sts <audience>', 'a web identity token of AWS STS, for five minutes')
    .addOption(
      new Option('--timeout <duration>', 'how long the command may take')
        .argParser(durationOption)
        .default(30, '30s'),
    )
    .option('--file <path>', 'the .pgpass (default: PGPASSFILE, or ~/.pgpass)')
    .addOption(
      new Option('--mode <mode>', 'its permissions; libpq ignores a file with 0640')
        .argParser(modeOption)
        .default(0o600, '0600'),
    )
    .option('--once', 'write it once, and end', false)
    .option(
      '--signal <process>',
      'send SIGHUP after a change: a process ID, or the file that has it',
    )
    .option('--exec <program>', 'run a program after a change')
    .option('--ready-file <path>', 'a file that is there while clients can log in')
    .addOption(
      new Option(
        '--health <address>',
        'serve /readyz and /livez, for example on 127.0.0.1:10433',
      ).argParser(addressOption),
    )
    .option('--config <file>', 'take all of this from a YAML file, for several lines')
    .option('--schema', 'print the JSON Schema of that file', false)
    .action(async (words: readonly string[], options: PgpassOptions, command: Command) => {
      if (options.schema) {
        const { printPgpassSchema } = await import('./pgpass-schema.ts');
        printPgpassSchema();
        return;
      }
      const plan =
        options.config === undefined
          ? planPgpass(options, words, process.env)
          : await loadPlan(options.config, options.once, findExtra(words, command));
      if (typeof plan === 'string') {
        command.error(plan);
      }
      if (plan === undefined) {
        process.exitCode = 2;
        return;
      }
      const { runPgpass } = await import('./pgpass.ts');
      process.exitCode = await runPgpass(plan);
    });
}

/** The first thing that has no meaning beside --config. */
function findExtra(words: readonly string[], command: Command): string | undefined {
  const name = Object.keys(command.opts()).find(
    (one) => !BESIDE_CONFIG.includes(one) && command.getOptionValueSource(one) === 'cli',
  );
  return name === undefined
    ? words.length > 0
      ? 'a command'
      : undefined
    : `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

async function loadPlan(file: string, once: boolean, extra: string | undefined) {
  if (extra !== undefined) {
    return `error: ${extra} beside --config; expected it in the file`;
  }
  const { loadPgpassPlan } = await import('./load-pgpass-plan.ts');
  return loadPgpassPlan(file, once);
}

function modeOption(text: string): number {
  const mode = parseMode(text);
  if (mode === undefined) {
    throw new InvalidArgumentError(
      'expected 0600 or 0400; or 0640 or 0440 for readers other than libpq',
    );
  }
  return mode;
}

function addressOption(text: string): Address {
  const address = parseLoopbackAddress(text);
  if (address === undefined) {
    throw new InvalidArgumentError(
      'expected 127.0.0.1:PORT or [::1]:PORT, as it tells who logs in where',
    );
  }
  return address;
}
