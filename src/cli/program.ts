// The command line: puts the commands together. What PAM starts for each login is read in main.ts, without this and the
// library behind it; here it is for people, with help and with a word on every mistake. What a command does is loaded when it
// is called.
import { Command, CommanderError } from 'commander';
import { addConfigCommand } from './config/config-command.ts';
import { addDatabaseCommand } from './database/database-command.ts';
import { addDoctorCommand } from './doctor/doctor-command.ts';
import { addExplainCommand } from './explain/explain-command.ts';
import { addKeysCommand } from './keys/keys-command.ts';
import { addMigrateCommand } from './migrate/migrate-command.ts';
import { addPAMCommand } from './pam/pam-command.ts';
import { reportAndExit } from './pam/pam.ts';
import { hideSecrets } from './output/hide-secrets.ts';
import { addSessionsCommand } from './sessions/sessions-command.ts';
import { addServeCommand } from './serve/serve-command.ts';
import { VERSION } from './version.ts';

/** The commands in the order of the help. */
const COMMANDS = [
  addPAMCommand,
  addServeCommand,
  addKeysCommand,
  addSessionsCommand,
  addExplainCommand,
  addMigrateCommand,
  addDatabaseCommand,
  addDoctorCommand,
  addConfigCommand,
];

/** Runs the command that the arguments name. */
export function runProgram(): void {
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
    .exitOverride();
  for (const addTo of COMMANDS) {
    addTo(program);
  }
  program.parseAsync().catch((error: unknown) => {
    if (error instanceof CommanderError) {
      // Commander has said what is wrong. Help and version are no failures, but in a PAM service they are no grant either.
      process.exitCode = error.exitCode === 0 && process.env['PAM_TYPE'] === undefined ? 0 : 2;
    } else {
      reportAndExit(error);
    }
  });
}
