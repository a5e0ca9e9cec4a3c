// What the YAML files of the client's side have in common: one way from the text to a value, or to all of its problems at once,
// each with its place.
import type * as z from 'zod/mini';
import { knownKeysAt } from '../../config/known-keys.ts';
import { describeIssue, type Problem, sortProblems } from '../../config/problems.ts';
import { dropMergeConsequences } from '../../config/yaml/merge-keys.ts';
import { readYAML } from '../../config/yaml/read-yaml.ts';

/** A value, or what is wrong with the text. */
export type ClientConfig<T> =
  | { readonly ok: true; readonly config: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads it. Never throws for any text. @param hint says where its keys are explained. */
export function readClientConfig<S extends z.core.$ZodType>(
  text: string,
  schema: S & { readonly safeParse: z.ZodMiniType<z.output<S>>['safeParse'] },
  hint: string,
): ClientConfig<z.output<S>> {
  const read = readYAML(text);
  if (!read.ok) {
    return { ok: false, problems: read.problems };
  }
  const result = schema.safeParse(read.value, { reportInput: true });
  if (result.success && read.duplicates.length === 0) {
    return { ok: true, config: result.data };
  }
  const problems = (result.error?.issues ?? []).flatMap((issue) =>
    describeIssue(issue, (path) => knownKeysAt(schema, path)).map(
      ({ atKey, hint: given, ...problem }): Problem => ({
        ...problem,
        // Those of issuers.yaml lead to its own page.
        ...(given === undefined ? {} : { hint: given.includes('configuration.md') ? hint : given }),
        ...read.locate(problem.path, atKey),
      }),
    ),
  );
  return {
    ok: false,
    problems: sortProblems([...read.duplicates, ...dropMergeConsequences(problems)]),
  };
}
