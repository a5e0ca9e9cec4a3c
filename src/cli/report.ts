// What the commands for people share: loading the configuration with its problems told, and counting in words.
import { loadPolicy } from '../authorize/load-policy.ts';
import type { Policy } from '../authorize/policy.ts';
import { formatProblem } from '../config/problems.ts';

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
    output.write(`${formatProblem(file, problem)}\n`);
  }
  process.stderr.write(`pgtoken: ${file}: ${count(loaded.problems.length, 'problem')}\n`);
  return undefined;
}

/** `1 problem`, `2 problems`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
