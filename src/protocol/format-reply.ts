// How a decision is told: as a reply on the socket, and as the reason line of `pgtoken pam`.
// docs/understand/protocol.md is the contract. This side knows nothing of tokens.
import type { Refusal } from '../errors.ts';

/**
 * The longest reply in bytes, without the NUL that ends it. The protocol allows 511; the difference is what the module
 * puts in front of it in PostgreSQL's log.
 */
const MAX_REPLY_BYTES = 500;

const SUBJECT = /^granted [\x20-\x7e]+$/;

/**
 * Writes a decision as `granted`, `denied CODE message` or `unavailable CODE message`, in printable ASCII. The advice
 * follows the message where there is room for all of it.
 *
 * @param subject of the token, for who wants to be told of it with a grant (`granted SUBJECT`). One that is not printable ASCII
 * (OpenID Connect Core 2 wants ASCII) or too long is left out: two of them must not look the same.
 */
export function formatReply(
  decision: { readonly granted: true } | Refusal,
  subject?: unknown,
): string {
  if (decision.granted) {
    const named = `granted ${typeof subject === 'string' ? subject : ''}`;
    return SUBJECT.test(named) && named.length <= MAX_REPLY_BYTES ? named : 'granted';
  }
  const { outcome, code, message, hint } = decision;
  // What is quoted in a message is no advice of ours, whatever it says.
  const plain = message.replaceAll('HINT:', String.raw`HINT\u003a`);
  const reply = toPrintable(`${outcome} ${code} ${plain}`);
  const advised = hint === undefined ? reply : `${reply}. HINT: ${toPrintable(hint)}`;
  if (advised.length <= MAX_REPLY_BYTES) {
    return advised;
  }
  return reply.length <= MAX_REPLY_BYTES ? reply : `${reply.slice(0, MAX_REPLY_BYTES - 3)}...`;
}

/** Printable ASCII, everything else as `?`. Foreign values are escaped where messages are made; this is for the rest. */
export function toPrintable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
