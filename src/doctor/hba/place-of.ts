// How messages call a rule of pg_hba.conf, and how hints write another one like it.
import type { HBARule } from './parse-hba.ts';

/** `file:line`. */
export function placeOf({ file, line }: HBARule): string {
  return `${file}:${line}`;
}

/** `line 3 (host, md5)`, with the file where that is another than that of the rule it is compared with. */
export function nameRule({ file, line, type, method }: HBARule, beside: HBARule): string {
  return `${file === beside.file ? '' : `${file}, `}line ${line} (${type}, ${method})`;
}

/**
 * A line for all databases and roles at an address, and otherwise as a rule: for encrypted connections alone, also where the
 * rule is not, as the token travels as it is.
 */
export function lineFor(address: string, { method, options }: HBARule): string {
  const words = options.map(([name, value]) => `${name}=${value}`);
  return ['hostssl', 'all', 'all', address, method, ...words].join(' ');
}
