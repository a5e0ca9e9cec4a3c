// What goes together with `split`: a part of a text is text and has no separator in it, so that nothing else is ever met.
import type { JSONObject } from '../../parse-json-object.ts';
import { quote } from '../../quote.ts';
import type { ReportProblem } from '../problems.ts';

/**
 * Checks a rule.
 *
 * @param keys those whose values are compared with a part.
 * @param unused those beside which `split` would do nothing.
 */
export function checkSplit(
  rule: JSONObject,
  keys: readonly string[],
  report: ReportProblem,
  unused: readonly string[] = [],
): void {
  const { split } = rule;
  if (typeof split !== 'string' || split === '') {
    return;
  }
  for (const key of unused.filter((one) => Object.hasOwn(rule, one))) {
    report(['split'], `Invalid value: not used, as ${key} compares nothing`);
  }
  for (const key of keys) {
    const written: unknown = rule[key];
    const values: readonly unknown[] = Array.isArray(written) ? written : [written];
    for (const [index, value] of values.entries()) {
      if (isNeverMet(value, split)) {
        report(
          Array.isArray(written) ? [key, index] : [key],
          `Invalid value: ${quote(value)} is never in a part of a text that is split at ${quote(split)}`,
        );
      }
    }
  }
}

function isNeverMet(value: unknown, split: string): boolean {
  return typeof value === 'string'
    ? value.includes(split)
    : typeof value === 'number' || typeof value === 'boolean';
}
