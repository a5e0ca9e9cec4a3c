// What parsing gives for a token that is one; what it refuses is in the token vectors.
import { describe, expect, it } from 'vitest';

import { isRefusal } from '../../src/errors.ts';
import { MAX_TOKEN_BYTES, parseToken } from '../../src/verify/parse-token.ts';
import { createMint } from '../vectors/tokens/mint.ts';

const mint = await createMint();

describe('a parsed token', () => {
  it('has its text, algorithm, key ID, type, claims and the length of its signature', () => {
    const text = mint.token({ key: 'cluster-es512' });
    expect(parseToken(text, 1000)).toEqual({
      text,
      algorithm: 'ES512',
      keyID: 'cluster-es512',
      type: 'JWT',
      claims: mint.defaultClaims(),
      signatureBytes: 132,
    });
  });

  it('has no key ID and no type when its header has none', () => {
    expect(
      parseToken(mint.token({ header: { kid: undefined, typ: undefined } }), 1000),
    ).toMatchObject({ keyID: undefined, type: undefined, signatureBytes: 256 });
  });

  it('may be signed by an RSA key that is too small, of 64 bytes or more', () => {
    const of = (bytes: number): string =>
      mint.token({ signature: (all) => all.subarray(0, bytes) });
    expect(parseToken(of(64), 1000)).toMatchObject({ algorithm: 'RS256', signatureBytes: 64 });
    expect(parseToken(of(63), 1000)).toMatchObject({
      code: 'ERR_TOKEN_TRUNCATED',
      message: `the token was cut to ${of(63).length} bytes on its way: its RS256 signature has 63 of at least 256 bytes`,
    });
  });

  it('is not verified: anybody may have written it', () => {
    const forged = mint.token({ key: 'attacker-rs256', header: { kid: 'cluster-rs256' } });
    expect(isRefusal(parseToken(forged, 1000))).toBe(false);
  });

  it('keeps nothing of the headers that offer a key', () => {
    const parsed = parseToken(
      mint.token({ header: { jwk: { kty: 'oct' }, jku: 'https://x', x5c: ['x'], x5u: 'y' } }),
      1000,
    );
    expect(Object.keys(parsed).toSorted()).toEqual([
      'algorithm',
      'claims',
      'keyID',
      'signatureBytes',
      'text',
      'type',
    ]);
  });

  it('has at most so many bytes', () => {
    const text = mint.token();
    expect(isRefusal(parseToken(text, text.length))).toBe(false);
    expect(parseToken(text, text.length - 1)).toMatchObject({
      code: 'ERR_TOKEN_TOO_LARGE',
      message: `the password has ${text.length} bytes; expected a token of at most ${text.length - 1}`,
      hint: 'If this is a real token, raise token.maxBytes of its issuer.',
    });
  });

  it.each(['\n', '\r', '\t', ' '])(
    'may have %j behind the brace that opens its header',
    (space) => {
      const text = mint.token({
        headerText: `{${space}${JSON.stringify(mint.defaultHeader()).slice(1)}`,
      });
      expect(isRefusal(parseToken(text, 1000))).toBe(false);
    },
  );
});

describe('a password', () => {
  const [header = '', claims = ''] = mint.token().split('.');

  it('in other than three parts is told to be encrypted only where it has five', () => {
    for (const [parts, hint] of [
      [4, undefined],
      [5, 'Encrypted tokens (JWE) are not accepted.'],
      [6, undefined],
    ] as const) {
      const password = [header, ...Array.from({ length: parts - 1 }, () => claims)].join('.');
      expect(parseToken(password, 10_000)).toMatchObject({
        code: 'ERR_TOKEN_MALFORMED',
        message: `the token has ${parts} parts; expected 3 (header, claims, signature)`,
        hint,
      });
    }
  });

  it('is told to have quotes where one at its end is all that is too much', () => {
    const valid = mint.token();
    const hint = 'Take the quotes off the token.';
    for (const end of ['"', "'", '`', '"\n', '" \r\n']) {
      expect(parseToken(valid + end, 10_000)).toMatchObject({ code: 'ERR_TOKEN_MALFORMED', hint });
    }
    for (const end of ['""', '"x', '" x', ',"', '="\n']) {
      expect(parseToken(valid + end, 10_000)).toMatchObject({
        code: 'ERR_TOKEN_MALFORMED',
        message: `byte ${valid.length} of the token is none of base64url`,
        hint: undefined,
      });
    }
  });

  it('that ends in its header was cut if that is text, also in the middle of a letter', () => {
    const letters = Buffer.from('{"kid":"日本語"}');
    const ends = letters.indexOf('日') + 1;
    for (const [bytes, isCut] of [
      [letters.subarray(0, ends), true],
      [letters.subarray(0, ends + 1), true],
      [letters.subarray(0, ends + 2), true],
      [Buffer.concat([letters.subarray(0, ends), Buffer.from('"')]), false],
      [Buffer.from('7b2261ff', 'hex'), false],
    ] as const) {
      const password = bytes.toString('base64url');
      expect(parseToken(password, 10_000)).toMatchObject(
        isCut
          ? {
              code: 'ERR_TOKEN_TRUNCATED',
              message: `the token was cut to ${password.length} bytes on its way: it ends in its header`,
            }
          : {
              code: 'ERR_NOT_A_TOKEN',
              message: 'the password is not a JWT; expected three parts in base64url',
            },
      );
    }
  });
});

describe('no password', () => {
  // Every character of Latin-1, as a password arrives, in runs that look like parts of a token.
  it('makes parsing throw, and every refusal says something printable', () => {
    const valid = mint.token({ key: 'cluster-eddsa' });
    for (let code = 0; code < 256; code += 1) {
      const character = String.fromCharCode(code);
      for (const password of [
        character,
        character.repeat(1000),
        `ey${character}`,
        `eyJ${character}`,
        `eyJhbGciOiJSUzI1NiJ9.${character}.${character}`,
        valid + character,
        valid.replace('.', character),
        valid.replace('.', `.${character}`),
      ]) {
        const parsed = parseToken(password, MAX_TOKEN_BYTES);
        const message = isRefusal(parsed) ? parsed.message : 'a token';
        expect(message).toMatch(/^[\x20-\x7e]+$/);
      }
    }
  });
});
