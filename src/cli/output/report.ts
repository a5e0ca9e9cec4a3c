// What the commands for people share: loading the configuration with its problems told, and counting in words.
import { loadPolicy } from '../../policy/load-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import { formatProblem, type Problem } from '../../config/problems.ts';

/**
 * Loads a configuration; where it cannot be used, writes every problem to `output` and their number to standard error.
 */
export async function loadPolicyOrReport(
  file: string,
  output: NodeJS.WritableStream,
): Promise<Policy | undefined> {
  const loaded = await loadPolicy(file);
  if (loaded.ok) {
    return loaded.policy;
  }
  for (const problem of loaded.problems) {
    output.write(formatWithHint(file, problem));
  }
  process.stderr.write(`pgtoken: ${file}: ${count(loaded.problems.length, 'problem')}\n`);
  return undefined;
}

/** Writes a problem as `config check` does: a line, and one with its hint. @param kind what stands before the message. */
export function formatWithHint(file: string, problem: Problem, kind = ''): string {
  const hint = problem.hint === undefined ? '' : `  HINT: ${problem.hint}\n`;
  return `${formatProblem(file, problem, kind)}\n${hint}`;
}

/** `1 problem`, `2 problems`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
