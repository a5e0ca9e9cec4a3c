// Passwords that are no token, or a token with something around it.
import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const NO_TOKEN = {
  code: 'ERR_NOT_A_TOKEN',
  message: 'the password is not a JWT; expected three parts in base64url that start with "ey"',
  hint: 'Send the token as the password, for example in PGPASSWORD.',
} as const;

const BEARER = [
  'the password has "Bearer" in front of the token; expected the token alone',
  'Take "Bearer" off the front: it belongs in an HTTP header, not in a password.',
] as const;
const QUOTE = [
  'the password has a quote in front of the token; expected the token alone',
  'Take the quotes off the token; jq -r prints it without them.',
] as const;
const MARK = [
  'the password has a byte order mark in front of the token; expected the token alone',
  'Save the file that holds the token without a byte order mark.',
] as const;
const SPACE = [
  'the password has white space in front of the token; expected the token alone',
  'Take the white space off the front of the token.',
] as const;
const JSON_ANSWER = [
  'the password is JSON with a token in it; expected the token alone',
  'Send only the token of it, for example what jq -r .access_token prints.',
] as const;

const notBase64URL = (index: number) =>
  ({
    code: 'ERR_TOKEN_MALFORMED',
    message: `byte ${index} of the token is none of base64url`,
  }) as const;

export function password({ token }: Mint): Recipe[] {
  const valid = token();
  const inserted = (index: number, text: string): string =>
    valid.slice(0, index) + text + valid.slice(index);
  return [
    {
      name: 'refuses an empty password',
      password: '',
      expected: {
        code: 'ERR_NOT_A_TOKEN',
        message: 'the password is empty; expected a token (JWT)',
        hint: NO_TOKEN.hint,
      },
    },
    ...[
      ['an ordinary password', 'correct horse battery staple'],
      ['a short password', 'x'],
      ['a password that starts with "ey"', 'eyeofthetiger'],
      ['a password of dots', '...'],
      ['two dots, which are three empty parts', '..'],
      ['white space', ' \t\r\n'],
      ['a NUL byte', '\0'],
      ['binary junk', String.fromCharCode(...Array.from({ length: 256 }, (_, i) => 255 - i))],
      ['a JWS in its JSON form', '{"payload":"e30","protected":"e30","signature":"AA"}'],
      ['a token behind a NUL byte', `\0${valid}`],
      ['a token behind another word', `Basic ${valid}`],
      ['a token behind four things that do not belong there', `" " ${valid}`],
      ['a quote, "Bearer" and no token', '"Bearer secret"'],
      ['JSON without a token', '{"access_token":"secret"}'],
    ].map(([what = '', text = '']) => ({
      name: `takes ${what} for no token`,
      password: text,
      expected: NO_TOKEN,
    })),
    ...[
      ['"Bearer "', `Bearer ${valid}`, ...BEARER],
      ['"bearer" and two spaces', `bearer  ${valid}`, ...BEARER],
      ['the name of an HTTP header', `Authorization: Bearer ${valid}`, ...BEARER],
      ['a space', ` ${valid}`, ...SPACE],
      ['a line break', `\r\n${valid}`, ...SPACE],
      ['a space and "Bearer "', ` Bearer ${valid}`, ...SPACE],
      ['a double quote', `"${valid}"`, ...QUOTE],
      ['a single quote', `'${valid}'`, ...QUOTE],
      ['a quote, "Bearer " and a space', `"Bearer ${valid}"`, ...QUOTE],
      ['a byte order mark', `\u00ef\u00bb\u00bf${valid}`, ...MARK],
      [
        'the answer of a token endpoint',
        `{"token_type":"Bearer","access_token":"${valid}"}`,
        ...JSON_ANSWER,
      ],
      [
        'an ExecCredential',
        `{\n "kind": "ExecCredential",\n "status": {"token": "${valid}"}\n}\n`,
        ...JSON_ANSWER,
      ],
    ].map(([what = '', text = '', message = '', hint = '']) => ({
      name: `says what is around the token: ${what}`,
      password: text,
      expected: { code: 'ERR_NOT_A_TOKEN', message, hint } as const,
    })),
    ...['"', "'", '"\n'].map((text) => ({
      name: `says that a token ends in a quote: ${JSON.stringify(text)}`,
      password: valid + text,
      expected: { ...notBase64URL(valid.length), hint: 'Take the quotes off the token.' },
    })),
    {
      name: 'takes a password that starts with "eyJ" and says nothing in base64url for no token',
      password: 'eyJustAPassword',
      expected: {
        code: 'ERR_NOT_A_TOKEN',
        message: 'the password is not a JWT; expected three parts in base64url',
        hint: NO_TOKEN.hint,
      },
    },
    {
      name: 'says where a password that starts like a token goes wrong',
      password: 'eyJabc, my password',
      expected: notBase64URL(6),
    },
    {
      name: 'says where binary junk behind the start of a token begins',
      password: `eyJ${'\u00ff\u0000\u0080'.repeat(50)}`,
      expected: notBase64URL(3),
    },
    {
      name: 'refuses a token with a NUL byte inside',
      password: inserted(200, '\0'),
      expected: notBase64URL(200),
    },
    {
      name: 'refuses a token with a NUL byte and a second token behind it',
      password: `${valid}\0${valid}`,
      expected: notBase64URL(valid.length),
    },
    {
      name: 'refuses a token that was wrapped into lines',
      password: inserted(76, '\n'),
      expected: notBase64URL(76),
    },
    ...[
      ['a plus sign', '+'],
      ['a slash', '/'],
      ['an equals sign', '='],
      ['a comma', ','],
      ['a letter beyond ASCII', '\u00e9'],
    ].map(([what = '', text = '']) => ({
      name: `refuses a token with ${what} inside`,
      password: inserted(150, text),
      expected: notBase64URL(150),
    })),
    {
      name: 'refuses padding at the end of a token',
      password: `${valid}==`,
      expected: notBase64URL(valid.length),
    },
    ...[
      ['a line break', '\n'],
      ['a DOS line break', '\r\n'],
      ['spaces', '   '],
    ].map(([what = '', text = '']) => ({
      name: `says that a token ends in white space: ${what}`,
      password: valid + text,
      expected: {
        code: 'ERR_TOKEN_MALFORMED',
        message: 'the token ends in white space',
        hint: 'Take the line break off the end of the token.',
      } as const,
    })),
    {
      name: 'refuses 64 KiB without looking at them',
      password: 'x'.repeat(65_536),
      expected: {
        code: 'ERR_TOKEN_TOO_LARGE',
        message: 'the password has 65536 bytes; expected a token of at most 16384',
        hint: 'If this is a real token, raise token.maxBytes of its issuer.',
      },
    },
    {
      name: 'grants a token of 16384 bytes, the default maximum',
      password: token({ bytes: 16_384 }),
      expected: granted(),
    },
    {
      name: 'refuses a valid token of 16385 bytes',
      password: token({ bytes: 16_385 }),
      expected: {
        code: 'ERR_TOKEN_TOO_LARGE',
        message: 'the password has 16385 bytes; expected a token of at most 16384',
      },
    },
    {
      name: 'refuses a token that is longer than its entry accepts',
      policy: 'two-policies',
      password: token({ bytes: 1025 }),
      expected: {
        code: 'ERR_AUDIENCE_MISMATCH',
        message: 'entry people: aud is "postgres"; expected "postgres-people"',
      },
    },
    {
      name: 'grants a token of exactly the length that its entry accepts',
      policy: 'two-policies',
      password: token({ bytes: 1024 }),
      expected: granted('services'),
    },
    {
      name: 'grants 600 bytes where 600 are the maximum',
      policy: 'tight',
      password: token({ key: 'cluster-es256', bytes: 600 }),
      expected: granted('tight'),
    },
    {
      name: 'refuses 601 bytes where 600 are the maximum',
      policy: 'tight',
      password: token({ key: 'cluster-es256', bytes: 601 }),
      expected: {
        code: 'ERR_TOKEN_TOO_LARGE',
        message: 'the password has 601 bytes; expected a token of at most 600',
      },
    },
  ];
}
