// How a foreign value is shown in a message: in quotes, short, and without anything a log or a terminal would obey.

const MAX_SHOWN = 80;

/**
 * Quotes a value that came from outside (a claim, a role, a host) for a message.
 *
 * @returns printable ASCII: everything else is escaped, as two names that differ in one look-alike letter must not
 * look alike in a log. Strings over 80 characters are cut, with their length said; what is no string is shown as JSON.
 */
export function quote(value: unknown): string {
  if (typeof value !== 'string') {
    return escapeNonASCII(cut(show(value)));
  }
  if (value.length <= MAX_SHOWN) {
    return escapeNonASCII(JSON.stringify(value));
  }
  return `${escapeNonASCII(JSON.stringify(value.slice(0, MAX_SHOWN)))}... (${value.length} characters)`;
}

/** Quotes a foreign value that may be missing. */
export function quoteOrNone(value: unknown): string {
  return value === undefined ? 'none' : quote(value);
}

/** Quotes a list of foreign values, the first few of it. */
export function quoteList(values: readonly unknown[], most = 5): string {
  const shown = values.slice(0, most).map(quote).join(', ');
  return values.length > most ? `${shown} and ${values.length - most} more` : shown;
}

/** Never throws: YAML aliases can make a value that contains itself, which JSON cannot show; nor has it an infinity. */
function show(value: unknown): string {
  if (typeof value === 'number') {
    return String(value);
  }
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'a value that contains itself';
  }
}

function cut(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}

/** Escapes what is not printable ASCII, also in what others have quoted: a line of JSON, the message of a library. */
export function escapeNonASCII(text: string): string {
  return text.replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
