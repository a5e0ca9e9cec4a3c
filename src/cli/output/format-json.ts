// What `--json` writes. Issuers and tokens choose some of its texts, and people look at it in a terminal.
import { escapeNonASCII } from '../../quote.ts';

/** Writes a value as JSON over several lines, each ended, in printable ASCII: what is not stands escaped. */
export function formatJSON(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2).split('\n').map(escapeNonASCII).join('\n')}\n`;
}
