// The words of a line of a file of /etc/pam.d as linux-pam takes it apart (_pam_tokenize in libpam/pam_misc.c): blanks separate,
// "[...]" at the beginning of a word is one word whatever is in it, and "\]" in there is a "]". Quotes mean nothing.

/** A word. */
export interface PAMWord {
  /** Without its brackets. */
  readonly text: string;
  readonly isBracketed: boolean;
  /** Whether its bracket is never closed: then it goes to the end of the line. */
  readonly isOpen: boolean;
}

/** @param line one that `assemblePAMLines` has put together. */
export function splitPAMWords(line: string): readonly PAMWord[] {
  return [...line.matchAll(/\[((?:\\\]|[^\]])*)(\]?)|[^ \t[][^ \t]*/g)].map(([word, inside, end]) =>
    inside === undefined
      ? { text: word, isBracketed: false, isOpen: false }
      : { text: inside.replaceAll('\\]', ']'), isBracketed: true, isOpen: end !== ']' },
  );
}
