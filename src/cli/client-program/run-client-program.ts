// How a program on the client's side starts: with nothing but its own part of the command line, as one runs beside every program.
import type { Command } from 'commander';
import { placeOf } from '../../errors.ts';
import { runCommands } from '../run-commands.ts';

/** Runs the one command. Until it has a log, what nobody foresaw is told on standard error, by its place alone. */
export function runClientProgram(addCommand: (program: Command) => void): void {
  process.on('uncaughtException', fail);
  runCommands([addCommand], fail);
}

function fail(error: unknown): never {
  const name = error instanceof Error ? error.name : typeof error;
  process.stderr.write(
    `pgtoken: ${name} ${placeOf(error)}\nHINT: This is a defect of pgtoken: please report it.\n`,
  );
  process.exit(1);
}
