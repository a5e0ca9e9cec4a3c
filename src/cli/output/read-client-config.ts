// A YAML file of the client's side as it is read by its command: its text, and its problems on standard error.
import { readFileSync } from 'node:fs';
import { describeFileError } from '../../describe-file-error.ts';
import { formatProblem, type Problem } from '../../config/problems.ts';

/** @returns its text; undefined where it cannot be read, which has been told. */
export function readConfigFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    process.stderr.write(
      `pgtoken: ${file} cannot be read: ${describeFileError(error)}\nHINT: Check the path of --config, and whether this user may read it.\n`,
    );
    return undefined;
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
