// The refusals that most examples have a vector for, with what is seen and expected in them.
import type { Expected } from '../../tokens/vector.ts';

/** A text in quotes, as messages show it. */
export function cut(text: string): string {
  return text.length <= 80 ? `"${text}"` : `"${text.slice(0, 80)}"... (${text.length} characters)`;
}

export function wrongAudience(seen: string, expected: string): Expected {
  return { code: 'ERR_AUDIENCE_MISMATCH', message: `aud is ${seen}; expected ${expected}` };
}

export function wrongAlgorithm(seen: string, expected: string): Expected {
  return {
    code: 'ERR_ALGORITHM_NOT_ALLOWED',
    message: `the token is signed with alg ${seen}; expected ${expected} (token.algorithms)`,
  };
}

export function tooLong(seen: string, expected: string): Expected {
  return {
    code: 'ERR_TOKEN_LIFETIME',
    message: `the token is valid for ${seen} (exp - iat); expected at most ${expected} (token.maxLifetime)`,
  };
}

/** @param rule which of the entry's claimValidationRules. */
export function wrongClaim(claim: string, seen: string, expected: string, rule: number): Expected {
  return {
    code: 'ERR_CLAIM_REJECTED',
    message: `claim "${claim}" is ${seen}; expected ${expected} (claimValidationRules[${rule}])`,
  };
}

/** @param rule which of the entry's claimValidationRules. */
export function missingClaim(claim: string, expected: string, rule: number): Expected {
  return {
    code: 'ERR_CLAIM_MISSING',
    message: `the token has no "${claim}"; expected ${expected} (claimValidationRules[${rule}])`,
  };
}

/** @param where which rule is on the address. */
export function unverifiedEmail(where: string): Expected {
  return {
    code: 'ERR_CLAIM_REJECTED',
    message: `email_verified is false; expected true, or no such claim, as a rule is on "email" (${where})`,
  };
}

export function unknownIssuer(seen: string, expected: string): Expected {
  return {
    code: 'ERR_ISSUER_UNKNOWN',
    message: `issuer ${cut(seen)} is not configured; expected ${cut(expected)}`,
  };
}

/** @param keys how many keys the issuer has. */
export function unknownKey(kid: string, keys = 1): Expected {
  const message =
    keys === 1
      ? `the issuer has one key, whose kid is not "${kid}"`
      : `the issuer has ${keys} keys, none with kid "${kid}"`;
  return { code: 'ERR_KEY_UNKNOWN', message };
}

/** A key of the right name, and not the right one. */
export function wrongSignature(kid: string, algorithm = 'RS256'): Expected {
  return {
    code: 'ERR_SIGNATURE_INVALID',
    message: `the signature does not verify with the issuer's key "${kid}" (${algorithm})`,
  };
}

export function notPermitted(role: string, permitted: string): Expected {
  return {
    code: 'ERR_ROLE_NOT_PERMITTED',
    message: `role "${role}" asked for, and the token may only be "${permitted}"`,
  };
}

export function noRole(role: string): Expected {
  return {
    code: 'ERR_ROLE_NOT_PERMITTED',
    message: `role "${role}" asked for, and the role rules permit none for this token`,
  };
}

export function protectedRole(role = 'postgres'): Expected {
  return {
    code: 'ERR_ROLE_PROTECTED',
    message: `role "${role}" is protected, no token may log in as it (protectedRoles: "postgres", "root", "pg_*")`,
  };
}

/** Of an example whose rules are open, and that protects more for it. */
export function protectedName(role = 'postgres'): Expected {
  return {
    code: 'ERR_ROLE_PROTECTED',
    message: `role "${role}" is protected, no token may log in as it (protectedRoles: "postgres", "root", "pg_*", "*superuser", "*admin" and 4 more)`,
  };
}

/** As seen where several entries judged the token. */
export function byEntry(entry: string, expected: Expected): Expected {
  return 'granted' in expected
    ? expected
    : { ...expected, message: `entry ${entry}: ${expected.message}` };
}
