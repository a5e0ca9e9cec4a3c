// Regular expressions of issuers.yaml: RE2 syntax, so that no value a token carries can make one run long, and always
// matched against the whole value.
//
// Loaded only where a pattern is written: the tables of the library take longer to load than the rest of a decision.
import { RE2JS } from 're2js';
import { messageOf } from '../message-of.ts';

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

/** Longer patterns, or such as repeat more, are not compiled: each repetition is written out in memory. */
const MAX_SIZE = 2000;

/** Its characters, and what its `{n,m}` make of them. */
function sizeOf(source: string): number {
  const counts = [...source.matchAll(/\{[0-9]*,?[0-9]*\}/g)].flatMap(
    ([all]) => all.match(/[0-9]+/g) ?? [],
  );
  return counts.reduce((sum, count) => sum + Number(count), source.length);
}

/** Compiles a pattern. @returns undefined with the reason in `report` when it is no RE2 pattern. */
export function compilePattern(
  source: string,
  report: (reason: string) => void,
): Pattern | undefined {
  const size = sizeOf(source);
  if (size > MAX_SIZE) {
    report(`${size} characters and repetitions; expected at most ${MAX_SIZE}`);
    return undefined;
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    report(messageOf(error));
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
