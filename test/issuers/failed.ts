// What a retrieval that failed is expected to be: this reason, and beside it a hint, which is a whole sentence.
import { expect } from 'vitest';

/** What is wrong with certificates, and not with that of the server. */
const NOT_UNTRUSTED = /wants the certificate of a client|certificate required/;

/** @param more what else is known of it. */
export function failed(
  reason: string,
  more: { readonly withdrawn?: true; readonly unauthorized?: true; readonly hint?: string } = {},
) {
  return {
    kind: 'failed',
    reason,
    hint: expect.stringMatching(/^[A-Z][^\n]*\.$/) as unknown,
    // Of these there are many, each with words of its own.
    ...(/certificate/.test(reason) && !NOT_UNTRUSTED.test(reason) ? { untrusted: true } : {}),
    ...more,
  };
}
