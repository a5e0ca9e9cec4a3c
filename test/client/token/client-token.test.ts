// What counts as a token before it is handed to a client, and what is said of anything else.
import { describe, expect, it } from 'vitest';

import { readClientToken } from '../../../src/client/token/client-token.ts';
import { encodePart } from '../../support/sign-token.ts';
import { makeToken } from '../make-token.ts';

describe('a token', () => {
  it('is read with its times, and without the white space at its end', () => {
    const text = makeToken({ iat: 100, exp: 700 });
    for (const end of ['', '\n', '\r\n', ' \n']) {
      expect(readClientToken(`${text}${end}`)).toMatchObject({
        ok: true,
        token: { text, issuedAt: 100, expiresAt: 700 },
      });
    }
  });

  it('may lack iat', () => {
    expect(readClientToken(makeToken({ iat: undefined }))).toMatchObject({
      ok: true,
      token: { issuedAt: undefined, expiresAt: 600 },
    });
  });
});

describe('anything else', () => {
  const whole = makeToken();
  const claims = whole.lastIndexOf('.');
  const rsa = (bytes: number) =>
    `${encodePart({ alg: 'RS256' })}.${encodePart({ exp: 600 })}.${Buffer.alloc(bytes, 1).toString('base64url')}`;

  it.each<readonly [what: string, text: string, reason: string]>([
    ['nothing', '', 'it is empty; expected a token (JWT)'],
    ['a line break', '\n', 'it is empty; expected a token (JWT)'],
    [
      'a password',
      'hunter2',
      'it is not a JWT; expected three parts in base64url that start with "ey"',
    ],
    [
      'its header alone',
      whole.slice(0, 20),
      'the token was cut to 20 bytes on its way: it ends in its header',
    ],
    [
      'half of its claims',
      whole.slice(0, claims - 20),
      `the token was cut to ${claims - 20} bytes on its way: it ends in its claims`,
    ],
    [
      'half of its signature',
      whole.slice(0, -40),
      `the token was cut to ${whole.length - 40} bytes on its way: its ES256 signature has 34 of 64 bytes`,
    ],
    [
      'half of an RSA signature',
      rsa(128),
      'the token ends in its RS256 signature, which has 128 bytes; expected at least 256',
    ],
    [
      'a line break in the middle',
      `${whole.slice(0, 50)}\n${whole.slice(50)}`,
      'byte 50 of the token is none of base64url',
    ],
    [
      'no exp',
      makeToken({ exp: undefined }),
      'the token has no exp that is a number; expected the time at which it expires',
    ],
    [
      'an exp in words',
      makeToken({ exp: 'tomorrow' }),
      'the token has no exp that is a number; expected the time at which it expires',
    ],
    [
      'a header in front',
      `Authorization: Bearer ${whole}`,
      'it has "Bearer" in front of the token; expected the token alone',
    ],
  ])('is refused with the reason: %s', (_what, text, reason) => {
    expect(readClientToken(text)).toMatchObject({ ok: false, reason });
  });

  it('is taken when an RSA signature is whole', () => {
    expect(readClientToken(rsa(256))).toMatchObject({ ok: true });
  });
});
