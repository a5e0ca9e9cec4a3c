// What the demo prints: 80 columns, colour only on a terminal that wants it.
import { styleText } from 'node:util';

const WIDTH = 80;

export const screen = {
  blank: (): void => {
    console.log();
  },
  title: (text: string): void => {
    print(text, '', '', (line) => styleText('bold', line));
  },
  text: (text: string): void => {
    print(text, '   ', '');
  },
  /** Lines that must stay as they are: configuration, commands to copy. */
  verbatim: (text: string): void => {
    for (const line of text.trimEnd().split('\n')) console.log(`   ${line}`);
  },
  command: (text: string): void => {
    print(`$ ${text}`, '   ', '  ', (line) => styleText('cyan', line));
  },
  /** What a program answered or logged. */
  output: (text: string): void => {
    for (const line of text.trimEnd().split('\n')) {
      print(line, '     ', '  ', (part) => styleText('dim', part));
    }
  },
  good: (text: string): void => {
    print(text, '   ', '', (line) => styleText('green', line));
  },
  bad: (text: string): void => {
    print(text, '   ', '', (line) => styleText('red', line));
  },
};

function print(
  text: string,
  indent: string,
  continued: string,
  style = (line: string): string => line,
): void {
  for (const line of wrap(text, WIDTH - indent.length, continued)) {
    console.log(indent + style(line));
  }
}

/** Breaks at spaces; continued lines start with their own indent. A longer word, such as a path, stays whole. */
function wrap(text: string, width: number, continued: string): string[] {
  const [first = '', ...words] = text.split(/ +/);
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    if (`${line} ${word}`.length > width) {
      lines.push(line);
      line = continued + word;
    } else {
      line = `${line} ${word}`;
    }
  }
  return [...lines, line];
}
