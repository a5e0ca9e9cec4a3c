// issuers.yaml as a test needs it.
import { stringify } from 'yaml';

/** Writes the file with these entries, in this order; top gives members beside `issuers`. */
export function writeIssuersYAML(
  entries: readonly Readonly<Record<string, unknown>>[],
  top: Readonly<Record<string, unknown>> = {},
): string {
  return stringify({ apiVersion: 'pgtoken/v1', ...top, issuers: entries });
}
