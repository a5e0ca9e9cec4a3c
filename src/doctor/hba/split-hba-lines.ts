// The lines of pg_hba.conf and of the files that it names, taken apart into words as PostgreSQL does.

/** A word of a rule; in quotes, words such as `all` are names like any other. */
export interface HBAToken {
  readonly text: string;
  readonly quoted: boolean;
}

/** A line: its fields, each a list of words. */
export type HBAFields = readonly (readonly HBAToken[])[];

/** The lines that say something, as fields of words; a backslash at the end continues a line. */
export function splitHBALines(
  text: string,
): { readonly line: number; readonly fields: HBAFields }[] {
  const lines: { line: number; fields: HBAFields }[] = [];
  let begun: { line: number; text: string } | undefined;
  const raw = text.split(/\r?\n/);
  for (const [index, content] of raw.entries()) {
    const joined: string = `${begun?.text ?? ''}${content}`;
    const line: number = begun?.line ?? index + 1;
    if (joined.endsWith('\\') && index < raw.length - 1) {
      begun = { line, text: joined.slice(0, -1) };
      continue;
    }
    begun = undefined;
    const fields = splitFields(joined);
    if (fields.length > 0) {
      lines.push({ line, fields });
    }
  }
  return lines;
}

/** Fields are separated by white space, the words of a field by commas, which white space may follow. */
function splitFields(line: string): HBAFields {
  const fields: HBAToken[][] = [];
  let inList = false;
  for (const match of line.matchAll(/#.*|,|((?:"(?:[^"]|"")*"?|[^\s,"#])+)/g)) {
    const [whole, word] = match;
    if (whole.startsWith('#')) {
      break;
    }
    if (word === undefined) {
      // Only a comma right behind a word continues its list.
      inList = /\S/.test(line.charAt(match.index - 1));
      continue;
    }
    const token = {
      text: word.replaceAll(/""|"/g, (quotes) => (quotes === '""' ? '"' : '')),
      quoted: word.startsWith('"'),
    };
    if (inList && fields.length > 0) {
      fields.at(-1)?.push(token);
    } else {
      fields.push([token]);
    }
    inList = false;
  }
  return fields;
}
