// Merge keys (`<<: *base`), which YAML 1.1 had and YAML 1.2 has not. They are refused: what an entry trusts should be written
// in it. One problem says so, and not all that follows from it.
import type { ConfigPath } from '../config-path.ts';

/** The name of a merge key. */
export const MERGE_KEY = '<<';

/** What is wrong with one. */
export const MERGE_PROBLEM = {
  message: 'Invalid key: merge keys ("<<") are not supported',
  hint: 'Write the keys out; an anchor on a whole value works: token: &limits {maxLifetime: 1h}, and token: *limits elsewhere.',
} as const;

/**
 * Leaves out what is only wrong because a merge key was not followed: what is missing in its mapping, or does not go with what
 * is written there.
 */
export function dropMergeConsequences<P extends { readonly path: ConfigPath }>(
  problems: readonly P[],
): readonly P[] {
  const mappings = problems
    .filter(({ path }) => path.at(-1) === MERGE_KEY)
    .map(({ path }) => path.slice(0, -1));
  return problems.filter(
    ({ path }) => path.at(-1) === MERGE_KEY || !mappings.some((mapping) => isOf(mapping, path)),
  );
}

/** Whether a path is that of a mapping or of one of its members, and not of what is further below. */
function isOf(mapping: ConfigPath, path: ConfigPath): boolean {
  return (
    path.length >= mapping.length &&
    path.length <= mapping.length + 1 &&
    mapping.every((step, index) => step === path[index])
  );
}
