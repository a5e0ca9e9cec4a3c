// Where `pgtoken pooler` starts when bin/pgtoken starts it.
import { runClientProgram } from '../client-program/run-client-program.ts';
import { addPoolerCommand } from './pooler-command.ts';

runClientProgram(addPoolerCommand);
