// Lines for a terminal of 80 columns.

const WIDTH = 80;

/**
 * Breaks a text at spaces. A word that is longer than a line stays whole, so that it can be copied.
 *
 * @param indent of the lines after the first, and how much of the first is taken already, in columns.
 */
export function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}
