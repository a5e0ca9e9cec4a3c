// A text as YAML has it within a list or mapping in brackets: whatever it is, it stays one text.

/** How it was written before. */
export type Quoting = 'PLAIN' | 'QUOTE_SINGLE' | 'QUOTE_DOUBLE';

/** Plain where nothing in it means anything to YAML, neither a number nor `yes`. */
const PLAIN = /^(?!(?:true|false|yes|no|on|off|null|y|n)$)[a-z/][\w./-]*(?::[\w./-]+)*$/i;

/** @param quoting as before, unless the text cannot do with so little. */
export function encodeText(text: string, quoting: Quoting): string {
  if (quoting === 'PLAIN' && PLAIN.test(text)) {
    return text;
  }
  return quoting === 'QUOTE_SINGLE' ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text);
}
