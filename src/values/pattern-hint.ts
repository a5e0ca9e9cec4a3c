// Advice on patterns, apart from the library behind them, which is loaded only where one is written.

/** What to do about a pattern that does not compile. */
export const PATTERN_HINT =
  'RE2 has no look-around and no backreferences; single quotes keep YAML from reading backslashes.';
