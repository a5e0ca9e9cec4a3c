// A YAML file of the client's side as it is read by its command: its text, and its problems on standard error.
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { describeFileError } from '../../describe-file-error.ts';
import { formatMode } from '../../format-mode.ts';
import { formatProblem, type Problem } from '../../config/problems.ts';

/**
 * The group may write it, as bind mounts are made; everybody may not, as it names programs that this user runs.
 *
 * @returns its text; undefined where it cannot be read, which has been told.
 */
export function readConfigFile(file: string): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { mode } = fstatSync(descriptor);
    if ((mode & constants.S_IWOTH) !== 0) {
      process.stderr.write(
        `pgtoken: ${file} is not used: mode ${formatMode(mode)} lets everybody write it; expected only its owner and its group to\nHINT: It says which programs are run: read it, then chmod o-w.\n`,
      );
      return undefined;
    }
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    process.stderr.write(
      `pgtoken: ${file} cannot be read: ${describeFileError(error)}\nHINT: Check the path of --config, and whether this user may read it.\n`,
    );
    return undefined;
  } finally {
    if (descriptor !== undefined) {
      closeSync(descriptor);
    }
  }
}

/** Tells what is wrong with it. */
export function tellProblems(file: string, problems: readonly Problem[]): void {
  const lines = problems.map((problem) => {
    const hint = problem.hint === undefined ? '' : `HINT: ${problem.hint}\n`;
    return `pgtoken: ${formatProblem(file, problem)}\n${hint}`;
  });
  process.stderr.write(lines.join(''));
}
