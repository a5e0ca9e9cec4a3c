// exp, nbf, iat: other types, numbers that are none, and lifetimes without an end.
import { type Mint, NOW } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import { type AttackRecipe, attacks, claimMissing, claimRejected } from './attack-recipe.ts';

const WITHIN = 'now 2026-01-01T00:00:00Z, clockSkew 30 s';

/** How a value is written and, where it is not the same, how it is shown. */
const NO_DATES: readonly (readonly [text: string, shown?: string])[] = [
  ['"1767226140"'],
  ['"9999999999"'],
  ['"2099-01-01T00:00:00Z"'],
  ['"never"'],
  ['""'],
  ['null'],
  ['true'],
  ['false'],
  ['[1767226140]', '[1767226140]'],
  ['[]'],
  ['{}'],
  ['{"valueOf":1767226140}'],
  ['1e308', '1e+308'],
  ['1.7976931348623157e308', '1.7976931348623157e+308'],
  ['1e400', 'Infinity'],
  ['-1e308', '-1e+308'],
  ['-1e400', '-Infinity'],
  ['9007199254740993', '9007199254740992'],
  ['18446744073709551616', '18446744073709552000'],
  ['253402300800'],
  ['1767226140000'],
  ['8640000000000001'],
];

export function times({ token, defaultClaims }: Mint): AttackRecipe[] {
  const written = (claim: string, text: string): string =>
    JSON.stringify({ ...defaultClaims(), [claim]: '@' }).replace('"@"', text);
  const noDates = (claim: string): Recipe[] =>
    NO_DATES.map(([text, shown = text]) => ({
      name: `${claim} ${text}`,
      password: token({ claimsText: written(claim, text) }),
      expected: claimRejected(
        `${claim} is ${shown}; expected seconds since 1970 as a number (NumericDate)`,
      ),
    }));
  const expired = (text: string, ago: string, shown: string): Recipe => ({
    name: `exp ${text}`,
    password: token({ claimsText: written('exp', text) }),
    expected: {
      code: 'ERR_TOKEN_EXPIRED',
      message: `the token expired ${ago} ago (exp ${shown}, ${WITHIN})`,
    },
  });
  const lifetime = (
    name: string,
    claims: Readonly<Record<string, unknown>>,
    seen: string,
  ): Recipe => ({
    name,
    password: token({ claims }),
    expected: {
      code: 'ERR_TOKEN_LIFETIME',
      message: `the token is valid for ${seen}; expected at most 24 h (token.maxLifetime)`,
    },
  });
  const early = (
    name: string,
    claims: Readonly<Record<string, unknown>>,
    ahead: string,
    shown: string,
  ): Recipe => ({
    name,
    password: token({ claims }),
    expected: {
      code: 'ERR_TOKEN_NOT_YET_VALID',
      message: `the token is not valid for another ${ahead} (${shown}, ${WITHIN})`,
    },
  });
  return [
    ...attacks(
      'to have a time converted, or compared as something that is no time',
      'RFC 7519 sections 2 and 4.1.4',
      ['exp', 'nbf', 'iat'].flatMap(noDates),
    ),
    ...attacks('to use a token after its time', 'RFC 7519 section 4.1.4', [
      expired('-1', '20454 d', '1969-12-31T23:59:59Z'),
      expired('-253402300799', '2953351 d', '-006060-01-02T00:00:01Z'),
      expired('0', '20454 d', '1970-01-01T00:00:00Z'),
      expired('-0', '20454 d', '1970-01-01T00:00:00Z'),
      expired('-0.0', '20454 d', '1970-01-01T00:00:00Z'),
      expired('1e-400', '20454 d', '1970-01-01T00:00:00Z'),
      expired('1767225569.999', '30 s', '2025-12-31T23:59:29Z'),
      expired('1767225570', '30 s', '2025-12-31T23:59:30Z'),
      expired('1.76722557e9', '30 s', '2025-12-31T23:59:30Z'),
      {
        name: 'exp in the header, and none among the claims',
        password: token({ header: { exp: NOW + 540 }, claims: { exp: undefined } }),
        expected: claimMissing('exp'),
      },
      {
        name: 'EXP and expires_in instead of exp',
        password: token({ claims: { exp: undefined, EXP: NOW + 540, expires_in: 600 } }),
        expected: claimMissing('exp'),
      },
    ]),
    ...attacks('to use a token for ever', 'RFC 8725 section 3.10', [
      lifetime('exp in the year 9999', { exp: 253_402_300_799 }, '2912443 d (exp - iat)'),
      lifetime(
        'exp in the year 9999 and no iat',
        { exp: 253_402_300_799, iat: undefined, nbf: undefined },
        '2912443 d (exp - now)',
      ),
      lifetime('a year, with iat', { exp: NOW - 60 + 31_536_000 }, '365 d (exp - iat)'),
      lifetime('a second more than a day', { exp: NOW - 60 + 86_401 }, '24 h (exp - iat)'),
      lifetime('iat in the year 1', { iat: -62_135_596_800 }, '739616 d (exp - iat)'),
      lifetime(
        'a year, with nbf and without iat',
        { exp: NOW + 31_536_000, iat: undefined },
        '365 d (exp - now)',
      ),
    ]),
    ...attacks(
      'to use a token before its time, or to make a long life short',
      'RFC 7519 section 4.1.5',
      [
        early(
          'nbf in the year 9999',
          { nbf: 253_402_300_799 },
          '2912443 d',
          'nbf 9999-12-31T23:59:59Z',
        ),
        early(
          'nbf a second beyond the skew',
          { nbf: NOW + 31 },
          '31 s',
          'nbf 2026-01-01T00:00:31Z',
        ),
        early(
          'iat in the future, so that exp - iat is small',
          { iat: NOW + 31_535_000, exp: NOW + 31_536_000 },
          '365 d',
          'iat 2026-12-31T23:43:20Z',
        ),
        early(
          'iat after exp',
          { iat: NOW + 600, exp: NOW + 540 },
          '10 min',
          'iat 2026-01-01T00:10:00Z',
        ),
      ],
    ),
  ];
}
