// Regular expressions of issuers.yaml: RE2 syntax, so that no value a token carries can make one run long, and always
// matched against the whole value.
//
// Loaded only where a pattern is written: the tables of the library take longer to load than the rest of a decision.
import { RE2JS } from 're2js';

/** A compiled pattern. */
export interface Pattern {
  /** How many groups it has. */
  readonly groupCount: number;
  /** @returns the groups of a match of the whole value, group 0 being all of it; undefined when it does not match. */
  match(value: string): readonly string[] | undefined;
}

/** Compiles a pattern, or reports why it cannot be. */
export type CompilePattern = (
  source: string,
  report: (reason: string) => void,
) => Pattern | undefined;

/** Compiles a pattern. @returns undefined with the reason in `report` when it is no RE2 pattern. */
export function compilePattern(
  source: string,
  report: (reason: string) => void,
): Pattern | undefined {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    report(error instanceof Error ? error.message : String(error));
    return undefined;
  }
  return {
    groupCount: compiled.groupCount(),
    match(value) {
      const matcher = compiled.matcher(value);
      if (!matcher.matches()) {
        return undefined;
      }
      return Array.from({ length: compiled.groupCount() + 1 }, (_, n) => matcher.group(n) ?? '');
    },
  };
}
