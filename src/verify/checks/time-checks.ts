// When a token is valid: `exp`, `nbf`, `iat` (RFC 7519 sections 4.1.4 to 4.1.6), its lifetime and its age.
//
// What is compared with the clock is compared with one skew. A time of the wrong type is refused, never converted.
import type { IssuerConfiguration } from '../../config/schema/schema.ts';
import { formatSeconds } from '../../values/units.ts';
import { refuse } from '../../errors.ts';
import { quote } from '../../quote.ts';
import type { Check, VerifiedToken } from './check.ts';
import { missingClaim } from './missing-claim.ts';

/** The demands on the times of a token. */
export function timeChecks(limits: IssuerConfiguration['token']): Check<VerifiedToken>[] {
  const { clockSkew, maxLifetime, maxAge } = limits;
  return [
    formCheck,
    expiryCheck(clockSkew),
    startCheck('nbf', clockSkew),
    startCheck('iat', clockSkew),
    lifetimeCheck(maxLifetime),
    ...(maxAge === undefined ? [] : [ageCheck(maxAge, clockSkew)]),
  ];
}

/** There is an `exp`, and each of the times is one. */
const formCheck: Check<VerifiedToken> = {
  name: 'times',
  expected: 'exp, and each time a number (NumericDate)',
  seen: ({ claims }) =>
    TIMES.filter((name) => claims[name] !== undefined)
      .map((name) => `${name} ${quote(claims[name])}`)
      .join(', ') || 'none',
  refusal: ({ claims }) => {
    if (claims['exp'] === undefined) {
      return missingClaim(
        'exp',
        'Tokens that never expire are not accepted; request a bound token with a lifetime.',
      );
    }
    const wrong = TIMES.find((name) => claims[name] !== undefined && !isNumericDate(claims[name]));
    return wrong === undefined
      ? undefined
      : refuse(
          'ERR_CLAIM_REJECTED',
          `${wrong} is ${quote(claims[wrong])}; expected seconds since 1970 as a number (NumericDate)`,
        );
  },
};

const TIMES = ['exp', 'nbf', 'iat'];

function expiryCheck(skew: number): Check<VerifiedToken> {
  return {
    name: 'exp',
    expected: `not in the past, clockSkew ${formatSeconds(skew)}`,
    seen: (token) => describeTime(token, 'exp'),
    refusal: ({ claims: { exp }, now }) => {
      if (!isNumericDate(exp)) {
        return missingClaim('exp');
      }
      return now < exp + skew
        ? undefined
        : refuse(
            'ERR_TOKEN_EXPIRED',
            `the token expired ${formatSeconds(now - exp)} ago (exp ${formatTime(exp)}, ${within(now, skew)})`,
            'Get a new token; if this one is new, compare the clocks.',
          );
    },
  };
}

function startCheck(name: 'nbf' | 'iat', skew: number): Check<VerifiedToken> {
  return {
    name,
    expected: `not in the future, clockSkew ${formatSeconds(skew)}`,
    seen: (token) => describeTime(token, name),
    refusal: ({ claims, now }) => {
      const value = claims[name];
      return isNumericDate(value) && now < value - skew
        ? refuse(
            'ERR_TOKEN_NOT_YET_VALID',
            `the token is not valid for another ${formatSeconds(value - now)} (${name} ${formatTime(value)}, ${within(now, skew)})`,
            'The clock of this host is behind, or that of the issuer ahead: check both.',
          )
        : undefined;
    },
  };
}

function lifetimeCheck(maxLifetime: number): Check<VerifiedToken> {
  return {
    name: 'lifetime',
    expected: `at most ${formatSeconds(maxLifetime)} (token.maxLifetime)`,
    seen: (token) => formatSeconds(lifetimeOf(token)),
    refusal: (token) => {
      const lifetime = lifetimeOf(token);
      return lifetime <= maxLifetime
        ? undefined
        : refuse(
            'ERR_TOKEN_LIFETIME',
            `the token is valid for ${formatSeconds(lifetime)} (exp - ${isNumericDate(token.claims['iat']) ? 'iat' : 'now'}); expected at most ${formatSeconds(maxLifetime)} (token.maxLifetime)`,
            'Ask for a token with a shorter lifetime; kubectl create token --duration, or expirationSeconds other than 3607.',
          );
    },
  };
}

/** Without `iat` what is left of the lifetime is all that can be known, and is the least it can be. */
function lifetimeOf({ claims: { exp, iat }, now }: VerifiedToken): number {
  return (isNumericDate(exp) ? exp : Infinity) - (isNumericDate(iat) ? iat : now);
}

function ageCheck(maxAge: number, skew: number): Check<VerifiedToken> {
  const limit = `at most ${formatSeconds(maxAge)} (token.maxAge)`;
  return {
    name: 'age',
    expected: limit,
    seen: ({ claims: { iat }, now }) =>
      isNumericDate(iat) ? formatSeconds(Math.max(0, now - iat)) : 'no iat',
    refusal: ({ claims: { iat }, now }) => {
      if (!isNumericDate(iat)) {
        return missingClaim('iat', undefined, 'one, to know its age (token.maxAge)');
      }
      return now - iat <= maxAge + skew
        ? undefined
        : refuse(
            'ERR_TOKEN_TOO_OLD',
            `the token was issued ${formatSeconds(now - iat)} ago (iat ${formatTime(iat)}, ${within(now, skew)}); expected ${limit}`,
            'Get a new token for each connection, or raise token.maxAge.',
          );
    },
  };
}

function within(now: number, skew: number): string {
  return `now ${formatTime(now)}, clockSkew ${formatSeconds(skew)}`;
}

function describeTime({ claims, now }: VerifiedToken, name: string): string {
  const value = claims[name];
  if (!isNumericDate(value)) {
    return 'none';
  }
  const distance = formatSeconds(value - now);
  return `${formatTime(value)}, ${value > now ? `in ${distance}` : `${distance} ago`}`;
}

/** NumericDate (RFC 7519 section 2), within what a date can be. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MAX_DATE;
}

/** The last second of the year 9999. */
const MAX_DATE = 253_402_300_799;

/** A moment as people write it, to the second. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
