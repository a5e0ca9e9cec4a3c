// Whether a text gives away a part of a token.

/** More than chance, less than any claim or signature: 16 characters in a row are 12 bytes. */
const LENGTH = 16;

/** Every piece of a text, to look pieces of tokens up in. */
export function piecesOf(text: string): ReadonlySet<string> {
  return new Set(cut(text));
}

/**
 * The pieces of a password that are among others. Filler, the same few characters over and over, does not count, and
 * neither do claims that stand in it as they are: their values are logged by their names.
 */
export function findPieces(password: string, among: ReadonlySet<string>): string[] {
  const parts = password.split('.');
  return (password.includes('{') ? parts.filter((part) => /^[\w-]*$/.test(part)) : parts)
    .flatMap(cut)
    .filter((piece) => among.has(piece) && new Set(piece).size > 4);
}

function cut(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - LENGTH + 1) }, (_, at) =>
    text.slice(at, at + LENGTH),
  );
}
