// Words of commands that somebody is told to copy into a shell.

/** What no shell reads anything into. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** @returns one word of a POSIX shell, whatever is in the text; plain where it needs no quotes. */
export function shellQuote(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
