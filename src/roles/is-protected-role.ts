// Protected roles: those that no token may be, whatever the rules say.

/**
 * Whether a role is protected.
 *
 * @param patterns exact names, or patterns in which `*` stands for any text; compared as they are, case and all, as
 * PostgreSQL compares roles.
 */
export function isProtectedRole(role: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(role, pattern));
}

/** Matches with `*` only, in time linear in the product of both lengths. */
function matchesGlob(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) {
    return text === pattern;
  }
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) {
    return false;
  }
  let position = first.length;
  const end = text.length - last.length;
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found === -1 || found + part.length > end) {
      return false;
    }
    position = found + part.length;
  }
  return true;
}
