// What the daemon answers: any decision gives a reply by the grammar of docs/understand/protocol.md.
import { ERROR_CODES, refuse, type ErrorCode } from '../../../src/errors.ts';
import { formatReply } from '../../../src/protocol/format-reply.ts';
import { demand, type FuzzTarget, openNothing } from '../fuzz-target.ts';

const CODES = Object.keys(ERROR_CODES).filter((code): code is ErrorCode =>
  Object.hasOwn(ERROR_CODES, code),
);

/** The grammar of docs/understand/protocol.md, without the NUL. */
const REPLY = /^(?:granted|(denied|unavailable) (ERR_[A-Z_]{1,60}) (?:(?!\p{Cc}).)+)$/u;

export const reply: FuzzTarget = {
  name: 'reply',
  seeds: async () =>
    [
      'aud is "vault"; expected "postgres"\0Ask the issuer for a token with this audience.',
      'x',
      `${'x'.repeat(470)}\0y`,
      '\u{1f600}'.repeat(200),
    ].map((text) => Buffer.from(text)),
  maxBytes: 2000,
  open: openNothing((input, random) => {
    const [message = '', hint] = input.toString().split('\0');
    const code = random.pick(CODES);
    // A refusal always says something.
    const text = formatReply(refuse(code, message === '' ? '-' : message, hint));
    const [, outcome, shown] = REPLY.exec(text) ?? [];
    demand(outcome === ERROR_CODES[code], 'a refusal is told by its outcome');
    demand(shown === code, 'a refusal is told by its code');
    demand(Buffer.byteLength(text) <= 511, 'a reply has at most 511 bytes');
    demand(text.isWellFormed(), 'a reply is UTF-8');
    const advice = `. HINT: ${(hint ?? '').replaceAll(/[^\x20-\x7e]/g, '?')}`;
    demand(
      message.includes('. HINT: ') || !text.includes('. HINT: ') || text.endsWith(advice),
      'advice is told as a whole or not at all',
    );
  }),
};
