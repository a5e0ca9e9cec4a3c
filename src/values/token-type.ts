// Types of tokens, the `typ` header (RFC 7515 section 4.1.9): compared without regard to case, and "application/" may be
// left out.

/** Stands in `token.types` for a token without `typ`. */
export const ABSENT = 'absent';

/** What a type may look like. */
export const TYPE_PATTERN = /^[A-Za-z0-9!#$&^_.+/-]{1,127}$/;

/** Types of tokens that are made for another purpose than to say who somebody is; normalized. */
export const NEVER_ACCEPTED_TYPES: readonly string[] = ['logout+jwt', 'dpop+jwt'];

/** The types that a JWT-SVID may have (JWT-SVID section 2.3); normalized. */
export const SVID_TYPES: readonly string[] = [ABSENT, 'jwt', 'jose'];

/** A type in the form in which types are compared. */
export function normalizeType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '');
}
