// Roles that are too long for PostgreSQL, made to fit (`shorten`).
//
// Two names must not become one: what is short enough stays as it is, unless it looks as if it had been shortened, for
// then it could be the name that a longer one becomes.
import { hash } from 'node:crypto';
import { MAX_ROLE_BYTES } from './check-role.ts';

/** What is kept of a longer name; "_" and 8 digits come behind it. */
const KEPT_BYTES = 54;

/**
 * Shortens a role name of more than 63 bytes to its first 54, cut between two characters, "_" and the first 8 hexadecimal
 * digits of the SHA-256 of the whole name in UTF-8. So is treated what has the form of such a name already.
 *
 * The 8 digits tell names apart that are alike by accident. They do not stop somebody who may choose names himself and
 * searches for two with the same digits.
 */
export function shortenRole(role: string): string {
  const bytes = Buffer.from(role);
  if (bytes.length <= MAX_ROLE_BYTES && !looksShortened(role, bytes.length)) {
    return role;
  }
  return `${cut(role, KEPT_BYTES)}_${hash('sha256', bytes).slice(0, 8)}`;
}

/** A character has up to 4 bytes, so that up to 3 of the 54 may be left out. */
function looksShortened(role: string, bytes: number): boolean {
  return bytes > MAX_ROLE_BYTES - 4 && /_[0-9a-f]{8}$/.test(role);
}

/** The first characters of a text that fit into so many bytes of UTF-8. */
function cut(text: string, maxBytes: number): string {
  let length = 0;
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) {
      break;
    }
    length += character.length;
  }
  return text.slice(0, length);
}
