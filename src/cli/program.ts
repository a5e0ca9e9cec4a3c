// The command line: puts the commands together. What PAM starts for each login is read in main.ts, without this and the
// library behind it; here it is for people, with help and with a word on every mistake. What a command does is loaded when it
// is called.
import { addCompleteCommand } from './complete/complete-command.ts';
import { addConfigCommand } from './config/config-command.ts';
import { addDatabaseCommand } from './database/database-command.ts';
import { runCommands } from './run-commands.ts';
import { addDoctorCommand } from './doctor/doctor-command.ts';
import { addExplainCommand } from './explain/explain-command.ts';
import { addInitCommand } from './init/init-command.ts';
import { addKeysCommand } from './keys/keys-command.ts';
import { addLogCommand } from './log/log-command.ts';
import { addMigrateCommand } from './migrate/migrate-command.ts';
import { addPAMCommand } from './pam/pam-command.ts';
import { reportAndExit } from './pam/pam.ts';
import { addPgpassCommand } from './pgpass/pgpass-command.ts';
import { addPoolerCommand } from './pooler/pooler-command.ts';
import { addRolesCommand } from './roles/roles-command.ts';
import { addSessionsCommand } from './sessions/sessions-command.ts';
import { addStatusCommand } from './status/status-command.ts';
import { addServeCommand } from './serve/serve-command.ts';

/** The commands in the order of the help. */
const COMMANDS = [
  addInitCommand,
  addPAMCommand,
  addServeCommand,
  addStatusCommand,
  addKeysCommand,
  addSessionsCommand,
  addLogCommand,
  addRolesCommand,
  addExplainCommand,
  addMigrateCommand,
  addDatabaseCommand,
  addDoctorCommand,
  addConfigCommand,
  addPgpassCommand,
  addPoolerCommand,
  addCompleteCommand,
];

/** Runs the command that the arguments name. */
export function runProgram(): void {
  runCommands(COMMANDS, reportAndExit);
}
