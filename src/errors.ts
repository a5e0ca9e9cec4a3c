// The stable codes of everything that is not a grant, and the value that carries one.
//
// "No" is a value (a Refusal), never an exception. A code says once and for all whether the token was checked and
// refused ("denied") or could not be decided ("unavailable"); docs/reference/errors.md explains each code to an administrator.

/** How a request ends: what the daemon answers, and the exit code of `pgtoken pam` (0, 1, 2). */
export type Outcome = 'granted' | 'denied' | 'unavailable';

/** Every code with the outcome it stands for. Codes are never renamed and never change sides. */
export const ERROR_CODES = {
  ERR_NOT_A_TOKEN: 'denied',
  ERR_TOKEN_MALFORMED: 'denied',
  ERR_TOKEN_TRUNCATED: 'denied',
  ERR_TOKEN_TOO_LARGE: 'denied',
  ERR_TOKEN_TYPE: 'denied',
  ERR_TOKEN_EXPIRED: 'denied',
  ERR_TOKEN_NOT_YET_VALID: 'denied',
  ERR_TOKEN_TOO_OLD: 'denied',
  ERR_TOKEN_LIFETIME: 'denied',
  ERR_ALGORITHM_NOT_ALLOWED: 'denied',
  ERR_SIGNATURE_INVALID: 'denied',
  ERR_KEY_UNKNOWN: 'denied',
  ERR_KEYS_UNAVAILABLE: 'unavailable',
  ERR_ISSUER_UNKNOWN: 'denied',
  ERR_AUDIENCE_MISMATCH: 'denied',
  ERR_CLAIM_MISSING: 'denied',
  ERR_CLAIM_REJECTED: 'denied',
  ERR_SCOPE_MISSING: 'denied',
  ERR_DENY_LISTED: 'denied',
  ERR_SERVICE_NOT_PERMITTED: 'denied',
  ERR_SOURCE_NOT_PERMITTED: 'denied',
  ERR_ROLE_NOT_PERMITTED: 'denied',
  ERR_ROLE_PROTECTED: 'denied',
  ERR_ROLE_TOO_LONG: 'denied',
  ERR_TOKEN_REVOKED: 'denied',
  ERR_REVIEW_UNAVAILABLE: 'unavailable',
  ERR_PROVISION: 'unavailable',
  ERR_NOT_ENCRYPTED: 'denied',
  ERR_DEADLINE: 'unavailable',
  ERR_CONFIG_INVALID: 'unavailable',
  ERR_PROTOCOL: 'unavailable',
  ERR_DAEMON_UNREACHABLE: 'unavailable',
  ERR_HELPER_FAILED: 'unavailable',
  ERR_INTERNAL: 'unavailable',
} as const satisfies Record<string, Exclude<Outcome, 'granted'>>;

/** One of the stable codes. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * A reason not to grant.
 *
 * `message` is lower case without a full stop and names what was expected and what was seen; `hint`, where there is
 * one, is a whole sentence of advice. Neither ever holds a token or a part of one; values that come from outside pass
 * through `quote`.
 */
export class Refusal {
  readonly granted = false;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;

  /** Use {@link refuse}. */
  constructor(code: ErrorCode, message: string, hint: string | undefined) {
    this.code = code;
    this.message = message;
    this.hint = hint;
  }

  /** Whether the token was checked and refused, or could not be decided. */
  get outcome(): Exclude<Outcome, 'granted'> {
    return ERROR_CODES[this.code];
  }
}

/** Makes a {@link Refusal}. */
export function refuse(code: ErrorCode, message: string, hint?: string): Refusal {
  return new Refusal(code, message, hint);
}

/**
 * Whether a value is a {@link Refusal} rather than what was asked for. Goes by its class, as a JSON object from outside
 * may have any member that one could look for.
 */
export function isRefusal(value: unknown): value is Refusal {
  return value instanceof Refusal;
}

/** Where an error happened, as text. Never what it says: its message might hold a part of what a client sent. */
export function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return (
    /^ {4}(at \S.*)$/m.exec(stack.slice(stack.indexOf('\n    at ') + 1))?.[1] ??
    'at an unknown place'
  );
}
