// Where `pgtoken pgpass` starts when bin/pgtoken starts it.
import { runClientProgram } from '../client-program/run-client-program.ts';
import { addPgpassCommand } from './pgpass-command.ts';

runClientProgram(addPgpassCommand);
