import { describe, expect, it } from 'vitest';

import { type Claims, findClaim } from '../../src/claims/claim.ts';
import { parseJSONObject } from '../../src/parse-json-object.ts';

/** As a token would bring them: what JSON.parse makes, and not what an object literal means. */
function parse(text: string): Claims {
  const claims = parseJSONObject(Buffer.from(text));
  if (typeof claims === 'string') throw new Error(claims);
  return claims;
}

const CLAIMS = parse(`{
  "sub": "alice",
  "https://example.com/role": "named",
  "a.b": "dotted",
  "": "nameless",
  "/slash": "only by pointer",
  "groups": ["x", "y", ["z"], {"name": "w"}],
  "kubernetes.io": {"namespace": "foo", "pod": {"name": "p"}},
  "a/b": {"~c": 1, "~1": 2},
  "nothing": null,
  "no": false,
  "__proto__": {"polluted": "yes"},
  "text": "abc"
}`);

describe('a claim by name', () => {
  it.each([
    ['sub', 'alice'],
    ['https://example.com/role', 'named'],
    ['a.b', 'dotted'],
    ['nothing', null],
    ['no', false],
    ['groups', ['x', 'y', ['z'], { name: 'w' }]],
    ['__proto__', { polluted: 'yes' }],
    ['absent', undefined],
    ['kubernetes.io.namespace', undefined],
    ['polluted', undefined],
    ['constructor', undefined],
    ['toString', undefined],
    ['hasOwnProperty', undefined],
    ['Sub', undefined],
  ])('%s is %j', (name, value) => {
    expect(findClaim(CLAIMS, name)).toEqual(value);
  });

  it('is not found in __proto__ when the token does not have it', () => {
    expect(findClaim(parse('{}'), '__proto__')).toBeUndefined();
  });
});

describe('a claim by JSON Pointer', () => {
  it.each([
    ['/sub', 'alice'],
    ['/kubernetes.io/namespace', 'foo'],
    ['/kubernetes.io/pod/name', 'p'],
    ['/groups/0', 'x'],
    ['/groups/2/0', 'z'],
    ['/groups/3/name', 'w'],
    ['/a~1b/~0c', 1],
    ['/a~1b/~01', 2],
    ['/~1slash', 'only by pointer'],
    ['/', 'nameless'],
    ['/__proto__/polluted', 'yes'],
    ['/nothing', null],
    ['/nothing/x', undefined],
    ['/sub/0', undefined],
    ['/sub/length', undefined],
    ['/text/0', undefined],
    ['/groups/4', undefined],
    ['/groups/-', undefined],
    ['/groups/-1', undefined],
    ['/groups/00', undefined],
    ['/groups/01', undefined],
    ['/groups/1e0', undefined],
    ['/groups/ 1', undefined],
    ['/groups/length', undefined],
    ['/groups/constructor', undefined],
    ['/groups/9999999999', undefined],
    ['/groups/', undefined],
    ['/constructor', undefined],
    ['/constructor/name', undefined],
    ['/kubernetes.io/__proto__', undefined],
    ['/kubernetes.io/namespace/x', undefined],
    ['//', undefined],
  ])('%s is %j', (pointer, value) => {
    expect(findClaim(CLAIMS, pointer)).toEqual(value);
  });
});
