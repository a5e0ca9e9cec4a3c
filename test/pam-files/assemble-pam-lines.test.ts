// Lines of PAM service files as linux-pam puts them together, and their words.
import { describe, expect, it } from 'vitest';

import { assemblePAMLines } from '../../src/pam-files/assemble-pam-lines.ts';
import { splitPAMWords } from '../../src/pam-files/split-pam-words.ts';

describe('the lines of a file', () => {
  it.each<[what: string, text: string, lines: readonly (readonly [number, string])[]]>([
    ['are none where there are only comments', '# a\n\n \t\n', []],
    [
      'have no comments',
      'a b # c\nd',
      [
        [1, 'a b '],
        [2, 'd'],
      ],
    ],
    ['end at a # in brackets, too', 'a [b#c] d', [[1, 'a [b']]],
    ['go on behind a backslash', 'a \\\n  b\\ \nc', [[1, 'a  b c']]],
    ['go on over a comment in between', 'a \\\n# b\nc', [[1, 'a  c']]],
    [
      'do not go on behind a comment',
      'a # b \\\nc',
      [
        [1, 'a '],
        [2, 'c'],
      ],
    ],
  ])('%s', (_what, text, lines) => {
    expect(assemblePAMLines(text)).toEqual(
      lines.map(([line, one]) => ({ line, text: one, isUnfinished: false })),
    );
  });

  it('say where the file ends with a backslash', () => {
    expect(assemblePAMLines('a\nb \\')).toEqual([
      { line: 1, text: 'a', isUnfinished: false },
      { line: 2, text: 'b  ', isUnfinished: true },
    ]);
  });
});

describe('the words of a line', () => {
  const words = (line: string): readonly string[] =>
    splitPAMWords(line).map(({ text, isBracketed }) => (isBracketed ? `[${text}]` : text));

  it.each([
    ['a\t b  c', ['a', 'b', 'c']],
    ['a [b c] d', ['a', '[b c]', 'd']],
    ['a [b\\]c]d', ['a', '[b]c]', 'd']],
    ['a b[c d]', ['a', 'b[c', 'd]']],
    ['a "b c"', ['a', '"b', 'c"']],
    ['', []],
  ])('%j', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  it('go to the end of the line where a bracket is never closed', () => {
    expect(splitPAMWords('a [b c')).toEqual([
      { text: 'a', isBracketed: false, isOpen: false },
      { text: 'b c', isBracketed: true, isOpen: true },
    ]);
  });
});
