// Foreign values in messages: printable, short, and told apart.
import { describe, expect, it } from 'vitest';

import { quote, quoteList } from '../src/quote.ts';

describe('a quoted value', () => {
  it.each<readonly [value: unknown, shown: string]>([
    ['postgres', '"postgres"'],
    ['', '""'],
    ['a "b" \\c', String.raw`"a \"b\" \\c"`],
    ['line\r\nbreak\ttab', String.raw`"line\r\nbreak\ttab"`],
    ['\u001b[31mred\u007f\u0000', String.raw`"\u001b[31mred\u007f\u0000"`],
    ['\u0085\u2028\u202eevil', String.raw`"\u0085\u2028\u202eevil"`],
    ['caf\u00e9', String.raw`"caf\u00e9"`],
    ['cafe\u0301', String.raw`"cafe\u0301"`],
    ['\u{1f600}', String.raw`"\ud83d\ude00"`],
    ['\u{d800}', String.raw`"\ud800"`],
    ['\u{fffd}', String.raw`"\ufffd"`],
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true'],
    [42, '42'],
    [-0.5, '-0.5'],
    [1e308, '1e+308'],
    [Infinity, 'Infinity'],
    [NaN, 'NaN'],
    [['a', 1, null], '["a",1,null]'],
    [{ a: '\n\u00e9' }, String.raw`{"a":"\n\u00e9"}`],
    [{}, '{}'],
    [{ toJSON: 1, toString: 2 }, '{"toJSON":1,"toString":2}'],
  ])('%j is %s', (value, shown) => {
    expect(quote(value)).toBe(shown);
  });

  it('is whole up to 80 characters, and then cut with its length said', () => {
    expect(quote('x'.repeat(80))).toBe(`"${'x'.repeat(80)}"`);
    expect(quote('x'.repeat(81))).toBe(`"${'x'.repeat(80)}"... (81 characters)`);
    expect(quote(`${'x'.repeat(79)}\u{1f600}`)).toBe(
      String.raw`"${'x'.repeat(79)}\ud83d"... (81 characters)`,
    );
    expect(quote(['x'.repeat(100)])).toBe(`["${'x'.repeat(78)}...`);
  });

  it('is short and printable ASCII whatever the value', () => {
    for (const value of [
      '\u{1f600}'.repeat(10_000),
      ['\u0000'.repeat(10_000)],
      { '\n': '\u202e' },
    ]) {
      expect(quote(value)).toMatch(/^[\x20-\x7e]{1,600}$/);
    }
  });

  it('need not be a tree', () => {
    const list: unknown[] = [];
    list.push(list);
    expect(quote(list)).toBe('a value that contains itself');
    expect(quote({ list })).toBe('a value that contains itself');
  });
});

describe('a quoted list', () => {
  it('shows the first few and counts the others', () => {
    expect(quoteList([])).toBe('');
    expect(quoteList(['a'])).toBe('"a"');
    expect(quoteList(['a', 1, '\n'])).toBe(String.raw`"a", 1, "\n"`);
    expect(quoteList(['a', 'b', 'c', 'd', 'e'])).toBe('"a", "b", "c", "d", "e"');
    expect(quoteList(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('"a", "b", "c", "d", "e" and 1 more');
    expect(quoteList(['a', 'b', 'c'], 1)).toBe('"a" and 2 more');
  });
});
