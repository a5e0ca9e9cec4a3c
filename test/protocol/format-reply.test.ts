// A decision in one line: what PostgreSQL's log shows of it.
import { describe, expect, it } from 'vitest';

import { ERROR_CODES, type ErrorCode, refuse } from '../../src/errors.ts';
import { formatReply } from '../../src/protocol/format-reply.ts';

const LONGEST = 500;
const CODES = Object.keys(ERROR_CODES).filter((code): code is ErrorCode =>
  Object.hasOwn(ERROR_CODES, code),
);

describe('a reply', () => {
  it('to a grant is one word', () => {
    expect(formatReply({ granted: true })).toBe('granted');
  });

  it('to a grant names the subject for who wants to know it', () => {
    const subject = 'system:serviceaccount:foo:myservice';
    expect(formatReply({ granted: true }, subject)).toBe(`granted ${subject}`);
    const longest = 'x'.repeat(LONGEST - 'granted '.length);
    expect(formatReply({ granted: true }, longest)).toBe(`granted ${longest}`);
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one that is no text', 4711],
    ['one that is too long', 'x'.repeat(LONGEST - 'granted '.length + 1)],
    ['one beyond ASCII', 'zo\u00eb'],
    ['one with a line break', 'foo\ndenied'],
    ['one with a NUL', 'foo\0granted root'],
    ['one with DEL', 'foo\u007f'],
  ])('to a grant leaves out what cannot be told exactly: %s', (_what, subject) => {
    expect(formatReply({ granted: true }, subject)).toBe('granted');
  });

  it('has no advice but ours, whatever a message quotes', () => {
    const refusal = refuse('ERR_AUDIENCE_MISMATCH', 'aud is "x. HINT: Call 555."', 'Ask.');
    expect(formatReply(refusal)).toBe(
      String.raw`denied ERR_AUDIENCE_MISMATCH aud is "x. HINT\u003a Call 555.". HINT: Ask.`,
    );
  });

  it('to a refusal never names a subject', () => {
    expect(formatReply(refuse('ERR_TOKEN_EXPIRED', 'expired'), 'foo')).toBe(
      'denied ERR_TOKEN_EXPIRED expired',
    );
  });

  it('says whether the token was judged, with the code', () => {
    for (const code of CODES) {
      expect(formatReply(refuse(code, 'the message'))).toBe(
        `${ERROR_CODES[code]} ${code} the message`,
      );
    }
    expect(CODES.filter((code) => ERROR_CODES[code] === 'unavailable')).toEqual([
      'ERR_KEYS_UNAVAILABLE',
      'ERR_REVIEW_UNAVAILABLE',
      'ERR_PROVISION',
      'ERR_DEADLINE',
      'ERR_CONFIG_INVALID',
      'ERR_PROTOCOL',
      'ERR_DAEMON_UNREACHABLE',
      'ERR_HELPER_FAILED',
      'ERR_INTERNAL',
    ]);
  });

  it('has the advice behind the message', () => {
    expect(formatReply(refuse('ERR_TOKEN_EXPIRED', 'expired', 'Get a new one.'))).toBe(
      'denied ERR_TOKEN_EXPIRED expired. HINT: Get a new one.',
    );
  });

  it('drops the advice where there is no room for all of it', () => {
    const start = 'denied ERR_TOKEN_EXPIRED ';
    const hint = 'Get a new one.';
    const room = LONGEST - `${start}. HINT: ${hint}`.length;
    expect(formatReply(refuse('ERR_TOKEN_EXPIRED', 'x'.repeat(room), hint))).toBe(
      `${start}${'x'.repeat(room)}. HINT: ${hint}`,
    );
    expect(formatReply(refuse('ERR_TOKEN_EXPIRED', 'x'.repeat(room + 1), hint))).toBe(
      `${start}${'x'.repeat(room + 1)}`,
    );
  });

  it('is cut visibly where there is no room for the message', () => {
    const start = 'denied ERR_TOKEN_EXPIRED ';
    const room = LONGEST - start.length;
    expect(formatReply(refuse('ERR_TOKEN_EXPIRED', 'x'.repeat(room)))).toBe(
      `${start}${'x'.repeat(room)}`,
    );
    expect(formatReply(refuse('ERR_TOKEN_EXPIRED', 'x'.repeat(room + 1), 'A hint.'))).toBe(
      `${start}${'x'.repeat(room - 3)}...`,
    );
    expect(formatReply(refuse('ERR_INTERNAL', 'x'.repeat(100_000)))).toHaveLength(LONGEST);
  });

  it('is one line of printable ASCII, whatever a message or a hint brings', () => {
    const nasty = Array.from({ length: 512 }, (_, code) => String.fromCharCode(code)).join('');
    const reply = formatReply(
      refuse('ERR_TOKEN_MALFORMED', nasty.slice(0, 200), nasty.slice(200, 350)),
    );
    expect(reply).toMatch(/^denied ERR_TOKEN_MALFORMED [\x20-\x7e]+$/);
    expect(
      formatReply(
        refuse('ERR_TOKEN_MALFORMED', 'a\nb\r\0\t\u001b[2J\u00e9\u2028\u{1f600}', 'c\nd'),
      ),
    ).toBe('denied ERR_TOKEN_MALFORMED a?b????[2J????. HINT: c?d');
  });

  it('cannot be made to say another code or outcome by what a message quotes', () => {
    const reply = formatReply(refuse('ERR_NOT_A_TOKEN', 'x\ngranted\0granted'));
    expect(reply).toBe('denied ERR_NOT_A_TOKEN x?granted?granted');
  });
});
