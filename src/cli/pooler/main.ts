// Where `pgtoken pooler` starts when bin/pgtoken starts it: with nothing but its own part of the command line.
import { placeOf } from '../../errors.ts';
import { runCommands } from '../run-commands.ts';
import { addPoolerCommand } from './pooler-command.ts';

function fail(error: unknown): never {
  const name = error instanceof Error ? error.name : typeof error;
  process.stderr.write(
    `pgtoken: ${name} ${placeOf(error)}\nHINT: This is a defect of pgtoken: please report it.\n`,
  );
  process.exit(1);
}

process.on('uncaughtException', fail);
runCommands([addPoolerCommand], fail);
