// The last step of a decision: may the token's bearer be the role that was asked for?
//
// Roles are compared byte for byte. PostgreSQL cuts what a client asks for to 63 bytes before PAM sees it, so that a
// longer role can never be asked for, and must not be met by its own first 63 bytes either.
import { refuse, type Refusal } from '../errors.ts';
import { quote, quoteList } from '../quote.ts';
import { isProtectedRole } from './is-protected-role.ts';

/** The longest role name in bytes: PostgreSQL's NAMEDATALEN - 1. */
export const MAX_ROLE_BYTES = 63;

/**
 * Checks the requested role against those the rules permit.
 *
 * @param requested the role the client asked for (PAM_USER).
 * @param permitted what the role rules gave for this token, in any order; may hold names that are too long.
 * @param protectedRoles names and patterns of roles no token may be; these win over any rule.
 * @param exceptions names of protected roles that these tokens may be all the same, where a rule permits them.
 * @returns undefined when the role is granted.
 */
export function checkRole(
  requested: string,
  permitted: readonly string[],
  protectedRoles: readonly string[],
  exceptions: readonly string[],
): Refusal | undefined {
  const isProtected = (role: string): boolean =>
    isProtectedRole(role, protectedRoles) && !exceptions.includes(role);
  if (requested.includes('\u{FFFD}') || !requested.isWellFormed()) {
    // U+FFFD is what undecodable bytes turn into: two different roles would look the same here.
    return refuse(
      'ERR_ROLE_NOT_PERMITTED',
      `role ${quote(requested)} is not valid UTF-8; expected a role name in UTF-8`,
    );
  }
  if (isProtected(requested)) {
    return refuse(
      'ERR_ROLE_PROTECTED',
      `role ${quote(requested)} is protected, no token may log in as it (protectedRoles: ${quoteList(protectedRoles)})`,
      'Log in as another role, or write this one into allowProtectedRoles of the entry.',
    );
  }
  const roles = [...new Set(permitted)].filter((role) => Buffer.byteLength(role) <= MAX_ROLE_BYTES);
  if (roles.includes(requested)) {
    return undefined;
  }

  // Where none fits, all that are permitted are too long.
  const cut = permitted.find((role) => isCutOf(requested, role));
  const long = cut ?? (roles.length === 0 ? permitted[0] : undefined);
  if (long !== undefined) {
    return refuse(
      'ERR_ROLE_TOO_LONG',
      `the token maps to role ${quote(long)} of ${Buffer.byteLength(long)} bytes; PostgreSQL's role names have at most ${MAX_ROLE_BYTES}`,
      'Write a role rule that yields a shorter name, or shorten: true.',
    );
  }
  const usable = roles.filter((role) => !isProtected(role));
  if (usable.length === 0) {
    return refuse(
      'ERR_ROLE_NOT_PERMITTED',
      `role ${quote(requested)} asked for, and the role rules permit none for this token`,
      'Compare the claims of the token with the roles of this issuer.',
    );
  }
  const otherCase = usable.some((role) => role.toLowerCase() === requested.toLowerCase());
  return refuse(
    'ERR_ROLE_NOT_PERMITTED',
    `role ${quote(requested)} asked for, and the token may only be ${quoteList(usable)}`,
    otherCase
      ? 'Role names are compared byte for byte, and these differ in case; an unquoted name in SQL is folded to lower case.'
      : 'Connect as a role that the token may be, or add a role rule.',
  );
}

/** Whether PostgreSQL's cut of this role, which is another, is what was asked for. */
function isCutOf(requested: string, role: string): boolean {
  return Buffer.from(role).subarray(0, MAX_ROLE_BYTES).equals(Buffer.from(requested));
}
