// Sections and tables of a page of docs/, from which the man pages take their keys and options, so that both say the same.

/** A section with the rows of its tables, without their heads. */
export interface TableSection {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

/** @returns the sections of second level and below that have a table */
export function readTables(markdown: string): readonly TableSection[] {
  return markdown
    .split(/^##+ /m)
    .slice(1)
    .map((section) => ({
      title: section.split('\n', 1)[0] ?? '',
      rows: section
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((line) => line.slice(1, line.lastIndexOf('|')).split(/(?<!\\)\|/))
        .map((cells) => cells.map((cell) => cell.trim().replaceAll('\\|', '|'))),
    }))
    .map(({ title, rows }) => {
      const rule = rows.findIndex((cells) => cells.every((cell) => /^-+$/.test(cell)));
      return { title, rows: rows.slice(rule + 1) };
    })
    .filter(({ rows }) => rows.length > 0);
}
