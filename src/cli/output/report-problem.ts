// Why a command cannot do its work, for a person. Loads nothing of what the command would do.

/** What keeps a command from its work, and what to do about it. */
export interface ToldProblem {
  readonly problem: string;
  readonly hint?: string | undefined;
}

/** Writes it to standard error. */
export function reportProblem({ problem, hint }: ToldProblem): void {
  process.stderr.write(`pgtoken: ${problem}\n${hint === undefined ? '' : `HINT: ${hint}\n`}`);
}
