// The answer to a login while issuers.yaml cannot be used: the first problem with its place, and how many there are.
import { formatProblem, type Problem } from '../config/problems.ts';
import { refuse, type Refusal } from '../errors.ts';

/** @param problems at least one. */
export function invalidConfig(path: string, problems: readonly Problem[], hint: string): Refusal {
  const [first = path, ...more] = problems.map((problem) => formatProblem(path, problem));
  return refuse(
    'ERR_CONFIG_INVALID',
    `${first}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
    hint,
  );
}
