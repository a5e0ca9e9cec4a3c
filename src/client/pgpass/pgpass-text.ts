// The text of a .pgpass by libpq's rules (the function passwordFromFile): a line for a login, of which the first that matches
// counts; `*` alone stands for any text, and `:` and `\` inside of a field have a `\` in front.
//
// Every character is a byte (latin1), so that what others have written stays as it is, whatever its encoding.

/** What a line is for. Each field is text as it is meant, and `*` alone any. */
export interface PgpassKey {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
}

/** A line to have. */
export interface PgpassEntry extends PgpassKey {
  readonly password: string;
}

const FIELDS = ['host', 'port', 'database', 'user'] as const;

/**
 * The text with these entries, and with everybody else's lines as they were.
 *
 * An entry takes the place of the line that is for the same, or of the first before it that would match in its place, as
 * `*:*:*:*:` does; otherwise it comes last.
 *
 * @param dropped keys that are no longer wanted.
 */
export function updatePgpass(
  text: string,
  entries: readonly PgpassEntry[],
  dropped: readonly PgpassKey[] = [],
): string {
  let lines = splitLines(text).filter((line) => !dropped.some((key) => isFor(line, key)));
  for (const entry of entries) {
    const at = lines.findIndex((line) => isFor(line, entry) || covers(line, entry));
    const others = (part: readonly string[]) => part.filter((line) => !isFor(line, entry));
    lines =
      at === -1
        ? [...lines, formatEntry(entry)]
        : [...lines.slice(0, at), formatEntry(entry), ...others(lines.slice(at))];
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** The password of the line that is for just this; undefined where there is none. */
export function findPassword(text: string, key: PgpassKey): string | undefined {
  const line = splitLines(text).find((one) => isFor(one, key));
  return line === undefined ? undefined : splitFields(line)?.[4];
}

/** A line of the file, without its end. */
export function formatEntry(entry: PgpassEntry): string {
  const fields = FIELDS.map((name) => (entry[name] === '*' ? '*' : escapeField(entry[name])));
  return [...fields, escapeField(entry.password)].join(':');
}

function escapeField(text: string): string {
  return toBytes(text).replaceAll(/[:\\]/g, String.raw`\$&`);
}

/** One character for each byte of UTF-8. */
function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function splitLines(text: string): readonly string[] {
  const lines = text.split('\n');
  // What follows the last line break is a line only where there is something.
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Whether a line was written for just this. */
function isFor(line: string, key: PgpassKey): boolean {
  const fields = splitFields(line);
  return fields !== undefined && FIELDS.every((name, at) => fields[at] === toBytes(key[name]));
}

/** Whether libpq takes a line for a login with this key. */
function covers(line: string, key: PgpassKey): boolean {
  const fields = splitFields(line);
  return (
    fields !== undefined &&
    FIELDS.every((name, at) => fields[at] === '*' || fields[at] === toBytes(key[name]))
  );
}

/** The five fields of a line, unescaped; undefined for a comment, and for what has fewer. */
function splitFields(line: string): readonly string[] | undefined {
  if (line.startsWith('#')) {
    return undefined;
  }
  const fields = [''];
  for (const [, escaped, plain] of line.replace(/\r$/, '').matchAll(/\\(.)|(.)/gs)) {
    if (plain === ':') {
      fields.push('');
    } else {
      fields[fields.length - 1] += escaped ?? plain ?? '';
    }
  }
  return fields.length >= 5 ? fields : undefined;
}
