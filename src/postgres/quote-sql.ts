// Names and texts in SQL that is printed, where there are no parameters.

/** A text. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** A name. */
export function identifier(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
