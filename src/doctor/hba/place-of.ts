// Where a rule of pg_hba.conf is, and how messages call it.
import type { HBARule } from '../parse-hba.ts';

/** `file:line`. */
export function placeOf({ file, line }: HBARule): string {
  return `${file}:${line}`;
}

/** `line 3 (host, md5)`, with the file where that is another than that of the rule it is compared with. */
export function nameRule({ file, line, type, method }: HBARule, beside: HBARule): string {
  return `${file === beside.file ? '' : `${file}, `}line ${line} (${type}, ${method})`;
}
