// Samples of what rules may see: short texts that several patterns take at once.
import { describe, expect, it } from 'vitest';

import { listTexts } from '../../../src/lint/search/list-texts.ts';
import { createMachine } from '../../../src/lint/search/pattern-machine.ts';

function textsOf(...patterns: readonly string[]): readonly string[] {
  return textsApart('', ...patterns);
}

function textsApart(apart: string, ...patterns: readonly string[]): readonly string[] {
  return listTexts(
    patterns.map((pattern) => {
      const machine = createMachine(pattern);
      if (machine === undefined) throw new Error(`no machine for ${pattern}`);
      return machine;
    }),
    apart,
  );
}

describe('texts', () => {
  it.each<readonly [what: string, patterns: readonly string[], texts: readonly string[]]>([
    ['are what all patterns take', ['a(?:b|c)', '.*b'], ['ab']],
    ['are none where no text is taken by all', ['a', 'b'], []],
    ['may be the empty one', ['^$'], ['']],
    ['have one letter for all that are alike', ['[a-z]{1,3}'], ['x', 'xx', 'xxx']],
    ['have one letter for all that lead to the same', ['a[a-z]'], ['ax']],
    [
      'have one letter for all that lead to the same, in whatever order it is tried',
      ['(?:u|[uv]-|v)*', '.{0,2}'],
      ['', 'u', 'uu', 'u-'],
    ],
    ['have each other character, which rules may tell apart', ['-[_-]'], ['--', '-_']],
    ['heed what stands around a character', [String.raw`a\b.?`], ['a', 'a-']],
    ['heed what stands at the start and the end', ['.?^a$.?'], ['a']],
  ])('%s: %j', (_what, patterns, texts) => {
    expect(textsOf(...patterns)).toEqual(texts);
  });

  it('have each character that is told apart', () => {
    expect(textsApart('', '[a-z._]')).toEqual(['x', '.']);
    expect(textsApart('._', '[a-z._]')).toEqual(['x', '_', '.']);
    expect(textsApart('ab', '[a-z._]')).toEqual(['x', 'a', 'b', '.']);
    expect(textsApart('AB', '[a-z]')).toEqual(['x']);
  });

  it('with fewer choices come first: what is spelled out is none', () => {
    expect(textsOf('abcd|x[y-]?')).toEqual(['x', 'abcd', 'xy', 'x-']);
  });

  it('are not longer than two hundred characters', () => {
    expect(textsOf('a{200}')).toEqual(['a'.repeat(200)]);
    expect(textsOf('a{201}')).toEqual([]);
    expect(textsOf('a+').map((text) => text.length)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });

  it('are none where patterns have more than three thousand places together', () => {
    expect(textsOf('x|(?:a{37})+', 'x|(?:a{41})+')).toEqual(['x']);
    expect(textsOf('x|(?:a{37})+', 'x|(?:a{41})+', 'x|(?:a{2})+')).toEqual([]);
    expect(textsOf('x|a{1000}b{1000}c{999}')).toEqual(['x']);
    expect(textsOf('x|a{1000}b{1000}c{1000}')).toEqual([]);
  });

  it('come of four thousand beginnings at most', () => {
    // The first beginning is the empty one, and is no text.
    expect(textsOf('[a-z0-9-]{1,30}')).toHaveLength(3999);
  });
});
