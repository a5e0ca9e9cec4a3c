// JSON from outside: one object that every reader reads alike, or a few words that quote nothing of it.
import { describe, expect, it } from 'vitest';

import { isJSONObject, parseJSONObject } from '../src/parse-json-object.ts';

function parse(content: string | Uint8Array) {
  return parseJSONObject(typeof content === 'string' ? new TextEncoder().encode(content) : content);
}

function nested(levels: number): string {
  return `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
}

const TWICE = 'a member stands twice in the same object';

describe('a JSON object', () => {
  it.each([
    ['{}', {}],
    [' \t\r\n{ "a" : 1 } \n', { a: 1 }],
    ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}', { a: { a: { a: 1 } }, b: [{ a: 1 }, { a: 2 }] }],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', { a: '{"a":1,"a":2}' }],
    ['{"a":"b:","b":":\\\\"}', { a: 'b:', b: ':\\' }],
    ['{"a":["b","b"],"b":"b"}', { a: ['b', 'b'], b: 'b' }],
    ['{"":1," ":2}', { '': 1, ' ': 2 }],
    ['{"\\u00e9":1,"e\\u0301":2}', { '\u00e9': 1, 'e\u0301': 2 }],
    ['{"\\ud800":1,"\\ud801":2}', { '\ud800': 1, '\ud801': 2 }],
    ['{"a":-0.5e-3,"b":true,"c":null,"d":[]}', { a: -0.0005, b: true, c: null, d: [] }],
  ])('%s is read', (text, value) => {
    expect(parse(text)).toEqual(value);
  });

  it('has a member __proto__ like any other', () => {
    const value = parse('{"__proto__":{"admin":true}}');
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Reflect.get(Object(value), 'admin')).toBeUndefined();
    expect(Reflect.get({}, 'admin')).toBeUndefined();
  });

  it.each([
    ['{"a":1,"a":1}', TWICE],
    ['{"a":1,"b":2,"a":3}', TWICE],
    ['{"a":1,"\\u0061":2}', TWICE],
    ['{"\\u00e9":1,"\u00e9":2}', TWICE],
    ['{"\\/":1,"/":2}', TWICE],
    ['{"":1,"":2}', TWICE],
    ['{"__proto__":1,"__proto__":2}', TWICE],
    ['{"a":{"b":1,"b":2}}', TWICE],
    ['{"a":[[{"b":[],"c":{"b":1},"b":{}}]]}', TWICE],
    ['{"a":{"x":{}},"a":1}', TWICE],
    ['{"a":[1,2],"a":1}', TWICE],
    ['{"a":"}","a":1}', TWICE],
    ['{"a":"\\"","a":1}', TWICE],
    ['{"a":"\\\\","a":1}', TWICE],
    ['{"a\\"":1,"a\\"":1}', TWICE],
    ['{"a" : 1 , "a" : 2}', TWICE],
    ['', 'not valid JSON'],
    ['{', 'not valid JSON'],
    ['{}{}', 'not valid JSON'],
    ['{} x', 'not valid JSON'],
    ['{"a":1,}', 'not valid JSON'],
    ["{'a':1}", 'not valid JSON'],
    ['{a:1}', 'not valid JSON'],
    ['{"a":01}', 'not valid JSON'],
    ['{"a":+1}', 'not valid JSON'],
    ['{"a":NaN}', 'not valid JSON'],
    ['{"a":"\n"}', 'not valid JSON'],
    ['{"a":"\\x41"}', 'not valid JSON'],
    ['\u{FEFF}{}', 'not valid JSON'],
    ['\0{}', 'not valid JSON'],
    ['{}\0', 'not valid JSON'],
    ['// x\n{}', 'not valid JSON'],
    ['[]', 'not a JSON object'],
    ['[{"a":1,"a":2}]', 'not a JSON object'],
    ['null', 'not a JSON object'],
    ['"{}"', 'not a JSON object'],
    ['1', 'not a JSON object'],
  ])('%j is none', (text, problem) => {
    expect(parse(text)).toBe(problem);
  });

  it.each([
    ['an overlong slash', Buffer.of(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d)],
    ['half a surrogate pair', Buffer.of(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d)],
    ['UTF-16', Buffer.from('\u{FEFF}{}', 'utf16le')],
    ['a byte beyond UTF-8', Buffer.of(0x7b, 0x7d, 0xff)],
  ])('is UTF-8 and not %s', (_what, bytes) => {
    expect(parse(bytes)).toBe('not UTF-8');
  });

  it('has at most 32 levels', () => {
    expect(parse(nested(32))).toBeTypeOf('object');
    expect(parse(nested(33))).toBe('nested deeper than 32 levels');
    expect(parse(`{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`)).toBe(
      'over 2000 values',
    );
    // Levels are counted, not brackets.
    expect(parse(`{"a":[${'[],'.repeat(500)}[]],"b":"${'['.repeat(100)}"}`)).toBeTypeOf('object');
  });

  it('may be as long as the longest document that is read', () => {
    const text = `{"a":"${String.raw`\"`.repeat(500_000)}","b":[${'{"a":1},'.repeat(1500)}{}]}`;
    expect(parseJSONObject(Buffer.from(text), 5000)).toBeTypeOf('object');
    expect(parseJSONObject(Buffer.from(text.replace('"b"', '"a"')), 5000)).toBe(TWICE);
  });

  it('holds at most as many values as it may, and is not parsed before they are counted', () => {
    const list = Buffer.from(`{"a":[${'{},'.repeat(9)}{}]}`);
    // The object, the list and its items, each with its comma but the last.
    expect(parseJSONObject(list, 21)).toBeTypeOf('object');
    expect(parseJSONObject(list, 20)).toBe('over 20 values');
    // What stands in a text counts for nothing, also behind an escaped quote.
    const inText = JSON.stringify({ a: `"${',{['.repeat(1000)}` });
    expect(parseJSONObject(Buffer.from(inText), 20)).toBeTypeOf('object');
    expect(parseJSONObject(Buffer.from('['.repeat(500_000)))).toBe('over 2000 values');
  });
});

it.each([
  [{}, true],
  [{ a: 1 }, true],
  [Object.create(null), true],
  [[], false],
  [null, false],
  [undefined, false],
  ['{}', false],
  [1, false],
])('%j is a JSON object: %j', (value, is) => {
  expect(isJSONObject(value)).toBe(is);
});
