// Words of commands that somebody is told to copy into a shell.

/** What no shell reads anything into. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Whether a shell takes it as one word, as it stands. */
export function isPlainWord(text: string): boolean {
  return PLAIN.test(text);
}

/** @returns one word of a POSIX shell, whatever is in the text; plain where it needs no quotes. */
export function shellQuote(text: string): string {
  return isPlainWord(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
