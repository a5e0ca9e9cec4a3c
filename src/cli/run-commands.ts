// The frame of the command line: how the library behind it complains, and with which status a wrong one ends.
import { Command, CommanderError, Help } from 'commander';
import { codeOf } from '../code-of.ts';
import { hideSecrets } from './output/hide-secrets.ts';
import { VERSION } from './version.ts';

/** Runs the command that the arguments name. @param commands add theirs, in the order of the help. @param onFailure for what is no wrong usage. */
export function runCommands(
  commands: readonly ((program: Command) => void)[],
  onFailure: (error: unknown) => void,
): void {
  const program = new Command('pgtoken')
    .description(
      'Log in to PostgreSQL with a Kubernetes, OIDC or SPIFFE token instead of a password.',
    )
    .version(VERSION)
    .showSuggestionAfterError()
    .showHelpAfterError('HINT: See pgtoken --help.')
    .configureOutput({
      outputError: (complaint, write) => {
        write(hideSecrets(complaint));
      },
    })
    .configureHelp({
      // That a flag is off until it is written goes without saying.
      optionDescription: (option) =>
        option.defaultValue === false
          ? option.description
          : Help.prototype.optionDescription(option),
    })
    .exitOverride();
  for (const addTo of commands) {
    addTo(program);
  }
  // Whoever reads no further, as head, has what it wanted.
  process.stdout.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error;
  });
  program.parseAsync().catch((error: unknown) => {
    if (error instanceof CommanderError) {
      // Commander has said what is wrong. Help and version are no failures, but in a PAM service they are no grant either.
      process.exitCode = error.exitCode === 0 && process.env['PAM_TYPE'] === undefined ? 0 : 2;
    } else {
      onFailure(error);
    }
  });
}
