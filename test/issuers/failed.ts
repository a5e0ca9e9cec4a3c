// What a retrieval that failed is expected to be: this reason, and beside it a hint, which is a whole sentence.
import { expect } from 'vitest';

/** @param more what else is known of it. */
export function failed(
  reason: string,
  more: { readonly withdrawn?: true; readonly unauthorized?: true; readonly hint?: string } = {},
) {
  return {
    kind: 'failed',
    reason,
    hint: expect.stringMatching(/^[A-Z][^\n]*\.$/) as unknown,
    ...more,
  };
}
