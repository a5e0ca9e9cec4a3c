// Turns the text of issuers.yaml into a Configuration, or into all of its problems at once, each with its place.
import { checkRawConfig } from './checks/check-raw-config.ts';
import { findValidParts, type ValidParts } from './find-valid-parts.ts';
import type { Locate } from './yaml/locate.ts';
import { dropMergeConsequences } from './yaml/merge-keys.ts';
import { knownKeysAt } from './known-keys.ts';
import { describeIssue, MAX_PROBLEMS, type Problem, sortProblems } from './problems.ts';
import { type Configuration, configurationSchema } from './schema/schema.ts';
import { readYAML } from './yaml/read-yaml.ts';

/** A configuration with the means to say where each part of it stands, or what is wrong with the text. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: Configuration; readonly locate: Locate }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      /** What of the entries is sound all the same, so that it can be checked further. */
      readonly sound: readonly ValidParts[];
      readonly locate: Locate;
    };

/**
 * Parses and validates the text of an issuers.yaml. Looks at nothing outside the text: files it names are read by
 * `loadPolicy`.
 *
 * @returns the configuration, or at most 100 problems in the order of the text. Never throws for any text.
 */
export function parseConfig(text: string): ParsedConfig {
  const read = readYAML(text);
  const locate: Locate = (path) => read.locate(path, false);
  if (!read.ok) {
    return { ok: false, problems: read.problems, sound: [], locate };
  }
  const { value, duplicates } = read;
  const result = configurationSchema.safeParse(value, { reportInput: true });
  const invalid: Problem[] = [];
  checkRawConfig(value, (path, message, hint) => {
    invalid.push({ path, message, hint, ...locate(path) });
  });
  if (result.success && duplicates.length + invalid.length === 0) {
    return { ok: true, config: result.data, locate };
  }
  let problems = invalid;
  for (const issue of result.error?.issues ?? []) {
    for (const { atKey, ...problem } of describeIssue(issue, (path) =>
      knownKeysAt(configurationSchema, path),
    )) {
      problems.push({ ...problem, ...read.locate(problem.path, atKey) });
    }
    // There can be thousands, of which the first ones are told.
    if (problems.length > 10 * MAX_PROBLEMS) {
      problems = [...sortProblems(problems)];
    }
  }
  return {
    ok: false,
    problems: sortProblems([...duplicates, ...dropMergeConsequences(problems)]),
    sound: findValidParts(value),
    locate,
  };
}
