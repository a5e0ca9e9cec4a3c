// exp, nbf, iat: at the exact edges, with the default skew of 30 s and with none.
import { type Mint, NOW, type TokenOptions } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const WITHIN = 'now 2026-01-01T00:00:00Z, clockSkew 30 s';
const CLOCKS = 'The clock of this host is behind, or that of the issuer ahead: check both.';

export function times({ token, defaultClaims }: Mint): Recipe[] {
  const passes = (name: string, claims: TokenOptions['claims']): Recipe => ({
    name,
    password: token({ claims: claims! }),
    expected: granted(),
  });
  const tight = (name: string, claims: TokenOptions['claims'], refusal?: Recipe['expected']) => ({
    name,
    policy: 'tight',
    password: token({ key: 'cluster-es256', claims: { jti: undefined, ...claims } }),
    expected: refusal ?? granted('tight'),
  });
  const expired = (name: string, exp: number, ago: string, shown: string): Recipe => ({
    name,
    password: token({ claims: { exp, iat: exp - 600, nbf: undefined } }),
    expected: {
      code: 'ERR_TOKEN_EXPIRED',
      message: `the token expired ${ago} ago (exp ${shown}, ${WITHIN})`,
      hint: 'Get a new token; if this one is new, compare the clocks.',
    },
  });
  const early = (
    name: string,
    claims: Readonly<Record<string, number | undefined>>,
    ahead: string,
    shown: string,
  ): Recipe => ({
    name,
    password: token({ claims: { exp: NOW + 3600, ...claims } }),
    expected: {
      code: 'ERR_TOKEN_NOT_YET_VALID',
      message: `the token is not valid for another ${ahead} (${shown}, ${WITHIN})`,
      hint: CLOCKS,
    },
  });
  const lifetime = (
    name: string,
    claims: TokenOptions['claims'],
    seen: string,
    hint?: string,
  ): Recipe => ({
    name,
    password: token({ claims: claims! }),
    expected: {
      code: 'ERR_TOKEN_LIFETIME',
      message: `the token is valid for ${seen}; expected at most 24 h (token.maxLifetime)`,
      ...(hint === undefined ? {} : { hint }),
    },
  });
  const rejected = (name: string, claim: string, text: string, shown: string): Recipe => {
    const claims = JSON.stringify({ ...defaultClaims(), [claim]: '@' });
    return {
      name,
      password: token({ claimsText: claims.replace('"@"', text) }),
      expected: {
        code: 'ERR_CLAIM_REJECTED',
        message: `${claim} is ${shown}; expected seconds since 1970 as a number (NumericDate)`,
      },
    };
  };
  const wrongTypes: readonly (readonly [string, string])[] = [
    ['null', 'null'],
    ['true', 'true'],
    ['"1767226140"', '"1767226140"'],
    ['"2026-01-01T00:09:00Z"', '"2026-01-01T00:09:00Z"'],
    ['""', '""'],
    ['[1767226140]', '[1767226140]'],
    ['{}', '{}'],
    ['1e308', '1e+308'],
    ['-1e308', '-1e+308'],
    ['1e999', 'Infinity'],
    ['1767226140000', '1767226140000'],
  ];

  return [
    passes('grants a token one second before it expires, skew included', { exp: NOW - 29 }),
    passes('grants a token a fraction of a second before it expires', { exp: NOW - 29.999 }),
    expired(
      'refuses a token the moment it expires, skew included',
      NOW - 30,
      '30 s',
      '2025-12-31T23:59:30Z',
    ),
    expired(
      'refuses a token that expired an hour ago',
      NOW - 3600,
      '60 min',
      '2025-12-31T23:00:00Z',
    ),
    expired(
      'refuses a token that expired two days ago',
      NOW - 172_800,
      '2 d',
      '2025-12-30T00:00:00Z',
    ),
    expired('refuses a token with exp 0', 0, '20454 d', '1970-01-01T00:00:00Z'),
    expired('refuses a token with a negative exp', -1, '20454 d', '1969-12-31T23:59:59Z'),

    passes('grants a token with nbf as far ahead as the skew', { nbf: NOW + 30 }),
    early(
      'refuses a token with nbf a second further ahead',
      { nbf: NOW + 31 },
      '31 s',
      'nbf 2026-01-01T00:00:31Z',
    ),
    early(
      'refuses a token with nbf a fraction further ahead',
      { nbf: NOW + 30.001 },
      '30 s',
      'nbf 2026-01-01T00:00:30Z',
    ),
    passes('grants a token with iat as far ahead as the skew', { iat: NOW + 30 }),
    early(
      'refuses a token issued a second further ahead',
      { iat: NOW + 31 },
      '31 s',
      'iat 2026-01-01T00:00:31Z',
    ),
    early(
      'refuses a token issued a year ahead',
      { iat: NOW + 31_536_000, exp: NOW + 31_536_600 },
      '365 d',
      'iat 2027-01-01T00:00:00Z',
    ),

    passes('grants a lifetime of exactly the maximum', { iat: NOW - 86_000, exp: NOW + 400 }),
    lifetime(
      'refuses a lifetime of two days',
      { iat: NOW - 3600, exp: NOW + 169_200 },
      '2 d (exp - iat)',
      'Ask for a token with a shorter lifetime; kubectl create token --duration, or expirationSeconds other than 3607.',
    ),
    lifetime(
      'refuses a lifetime one second over the maximum',
      { iat: NOW - 86_000, exp: NOW + 401 },
      '24 h (exp - iat)',
    ),
    lifetime('refuses a lifetime of a year', { exp: NOW + 31_536_000 }, '365 d (exp - iat)'),
    lifetime(
      'refuses a token until the year 9999',
      { exp: 253_402_300_799 },
      '2912443 d (exp - iat)',
    ),
    lifetime('counts the lifetime from an iat of 0', { iat: 0 }, '20454 d (exp - iat)'),
    lifetime('counts the lifetime from a negative iat', { iat: -86_400 }, '20455 d (exp - iat)'),
    passes('grants a token without iat that expires within the longest lifetime', {
      iat: undefined,
      exp: NOW + 86_400,
    }),
    lifetime(
      'refuses a token without iat that is valid for longer than the longest lifetime',
      { iat: undefined, exp: NOW + 86_401 },
      '24 h (exp - now)',
    ),
    lifetime(
      'refuses a token without iat that never really expires',
      { iat: undefined, exp: 4_102_444_800 },
      '27028 d (exp - now)',
    ),

    tight('without skew grants a token one second before it expires', { exp: NOW + 1 }),
    tight(
      'without skew refuses a token the moment it expires',
      { exp: NOW, iat: NOW - 60 },
      {
        code: 'ERR_TOKEN_EXPIRED',
        message:
          'the token expired 0 s ago (exp 2026-01-01T00:00:00Z, now 2026-01-01T00:00:00Z, clockSkew 0 s)',
      },
    ),
    tight('without skew grants a token at its nbf and iat', { nbf: NOW, iat: NOW }),
    tight(
      'without skew refuses a token a second before its nbf',
      { nbf: NOW + 1 },
      {
        code: 'ERR_TOKEN_NOT_YET_VALID',
        message:
          'the token is not valid for another 1 s (nbf 2026-01-01T00:00:01Z, now 2026-01-01T00:00:00Z, clockSkew 0 s)',
      },
    ),
    tight(
      'holds an entry to its own longest lifetime',
      { iat: NOW - 60, exp: NOW + 541 },
      {
        code: 'ERR_TOKEN_LIFETIME',
        message:
          'the token is valid for 10 min (exp - iat); expected at most 10 min (token.maxLifetime)',
      },
    ),
    {
      name: 'refuses later what it granted before: the same token a day on',
      now: NOW + 86_400,
      password: token(),
      expected: {
        code: 'ERR_TOKEN_EXPIRED',
        message:
          'the token expired 24 h ago (exp 2026-01-01T00:09:00Z, now 2026-01-02T00:00:00Z, clockSkew 30 s)',
      },
    },

    {
      name: 'refuses a token without exp',
      password: token({ claims: { exp: undefined } }),
      expected: {
        code: 'ERR_CLAIM_MISSING',
        message: 'the token has no exp; expected iss, aud, sub and exp',
        hint: 'Tokens that never expire are not accepted; request a bound token with a lifetime.',
      },
    },
    ...['exp', 'nbf', 'iat'].flatMap((claim) =>
      wrongTypes.map(([text, shown]) =>
        rejected(`refuses ${text} as ${claim}`, claim, text, shown),
      ),
    ),
  ];
}
