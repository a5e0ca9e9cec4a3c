// Checks the claims of a token whose signature is verified: who issued it, for whom, and when (RFC 7519 section 4.1).
//
// Times are compared with one skew. A claim of the wrong type is refused, never converted.
import type { Claims } from '../config/claim.ts';
import type { IssuerConfiguration } from '../config/schema.ts';
import { formatSeconds } from '../config/units.ts';
import { refuse, type Refusal } from '../errors.ts';
import { quote, quoteList } from '../quote.ts';

/** The token's header and claims, as far as they are checked here. */
export interface VerifiedToken {
  readonly type: string | undefined;
  readonly claims: Claims;
}

/**
 * Checks issuer, audience, subject, times, lifetime and kind of a token against what an entry demands.
 *
 * @param now Unix time in seconds.
 * @returns the first thing that is wrong, or undefined.
 */
export function checkClaims(
  token: VerifiedToken,
  entry: IssuerConfiguration,
  now: number,
): Refusal | undefined {
  const { claims } = token;
  return (
    checkIssuer(claims, entry.issuer.url) ??
    checkAudience(claims, entry.issuer) ??
    checkSubject(claims) ??
    checkTimes(claims, entry.token, now) ??
    checkType(token.type) ??
    checkUnbound(claims)
  );
}

function checkIssuer(claims: Claims, url: string): Refusal | undefined {
  return claims['iss'] === url
    ? undefined
    : refuse('ERR_ISSUER_UNKNOWN', `iss is ${quote(claims['iss'])}; expected ${quote(url)}`);
}

function checkAudience(claims: Claims, issuer: IssuerConfiguration['issuer']): Refusal | undefined {
  const { aud } = claims;
  if (aud === undefined) {
    return missing(
      'aud',
      'Ask the issuer for a token with an audience; legacy service-account tokens have none.',
    );
  }
  const seen: unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!seen.every((value) => typeof value === 'string')) {
    return refuse('ERR_CLAIM_REJECTED', `aud is ${quote(aud)}; expected text or a list of texts`);
  }
  const expected = issuer.audiences;
  const matches =
    issuer.audienceMatchPolicy === 'MatchExact'
      ? seen.length > 0 &&
        seen.every((value) => expected.includes(value)) &&
        expected.every((value) => seen.includes(value))
      : seen.some((value) => expected.includes(value));
  if (matches) {
    return undefined;
  }
  const policy =
    issuer.audienceMatchPolicy === 'MatchExact' ? 'exactly' : expected.length > 1 ? 'one of' : '';
  return refuse(
    'ERR_AUDIENCE_MISMATCH',
    `aud is ${seen.length === 0 ? 'an empty list' : quoteList(seen)}; expected ${policy === '' ? '' : `${policy} `}${quoteList(expected)}`,
    'Ask the issuer for a token with this audience; audiences are compared byte for byte.',
  );
}

function checkSubject(claims: Claims): Refusal | undefined {
  const { sub } = claims;
  if (sub === undefined) {
    return missing('sub');
  }
  return typeof sub === 'string' && sub !== ''
    ? undefined
    : refuse('ERR_CLAIM_REJECTED', `sub is ${quote(sub)}; expected text that is not empty`);
}

function checkTimes(
  claims: Claims,
  limits: IssuerConfiguration['token'],
  now: number,
): Refusal | undefined {
  const skew = limits.clockSkew;
  const within = `now ${formatTime(now)}, clockSkew ${formatSeconds(skew)}`;
  const { exp, nbf, iat } = claims;
  if (exp === undefined) {
    return missing(
      'exp',
      'Tokens that never expire are not accepted; request a bound token with a lifetime.',
    );
  }
  for (const [name, value] of Object.entries({ exp, nbf, iat })) {
    if (value !== undefined && !isNumericDate(value)) {
      return refuse(
        'ERR_CLAIM_REJECTED',
        `${name} is ${quote(value)}; expected seconds since 1970 as a number (NumericDate)`,
      );
    }
  }
  if (!isNumericDate(exp)) {
    return missing('exp');
  }
  if (now >= exp + skew) {
    return refuse(
      'ERR_TOKEN_EXPIRED',
      `the token expired ${formatSeconds(now - exp)} ago (exp ${formatTime(exp)}, ${within})`,
      'Get a new token; if this one is new, compare the clocks.',
    );
  }
  for (const [name, value] of Object.entries({ nbf, iat })) {
    if (isNumericDate(value) && now < value - skew) {
      return refuse(
        'ERR_TOKEN_NOT_YET_VALID',
        `the token is valid only in ${formatSeconds(value - now)} (${name} ${formatTime(value)}, ${within})`,
        'The clock of this host is behind, or that of the issuer ahead: check both.',
      );
    }
  }
  // Without iat what is left of the lifetime is all that can be known, and is the least it can be.
  const start = isNumericDate(iat) ? iat : now;
  if (exp - start > limits.maxLifetime) {
    return refuse(
      'ERR_TOKEN_LIFETIME',
      `the token is valid for ${formatSeconds(exp - start)} (exp - ${isNumericDate(iat) ? 'iat' : 'now'}); expected at most ${formatSeconds(limits.maxLifetime)} (token.maxLifetime)`,
      'Ask for a token with a shorter lifetime; kubectl create token --duration, or expirationSeconds other than 3607.',
    );
  }
  return undefined;
}

/** `typ` compares without regard to case, and "application/" may be left out (RFC 7515 section 4.1.9). */
function checkType(type: string | undefined): Refusal | undefined {
  if (type === undefined || TYPES.includes(type.toLowerCase().replace(/^application\//, ''))) {
    return undefined;
  }
  return refuse(
    'ERR_TOKEN_TYPE',
    `typ is ${quote(type)}; expected none, or one of JWT, JOSE, at+jwt`,
    'Send an ID token, access token or service-account token, not one made for another purpose.',
  );
}

const TYPES = ['jwt', 'jose', 'at+jwt'];

/** A token with `cnf` proves nothing without its key (RFC 7800 section 3.1), and the key cannot be asked for here. */
function checkUnbound(claims: Claims): Refusal | undefined {
  return Object.hasOwn(claims, 'cnf')
    ? refuse(
        'ERR_CLAIM_REJECTED',
        'the token is bound to a key (cnf), whose possession cannot be checked here; expected a bearer token',
        'Ask the issuer for a token without proof of possession (DPoP, mTLS).',
      )
    : undefined;
}

function missing(claim: string, hint?: string): Refusal {
  return refuse(
    'ERR_CLAIM_MISSING',
    `the token has no ${claim}; expected iss, aud, sub and exp`,
    hint,
  );
}

/** NumericDate (RFC 7519 section 2), within what a date can be. */
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MAX_DATE;
}

/** The last second of the year 9999. */
const MAX_DATE = 253_402_300_799;

function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
