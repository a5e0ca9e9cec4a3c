// What a refusal says to do, as far as the token shows it.
import { describe, expect, it } from 'vitest';

import { adviseOnClaim, type Affix } from '../../src/claims/advise-on-claim.ts';
import { findSimilarClaim } from '../../src/claims/find-similar-claim.ts';
import { toPointer } from '../../src/claims/to-pointer.ts';

describe('of a claim that the token does not have', () => {
  const claims = {
    realm_access: { roles: ['dba'] },
    'kubernetes.io': { namespace: 'shop', pod: { name: 'cart-0' } },
    Groups: ['dba'],
    list: [['dba']],
  };

  it.each([
    ['realm_access.roles', '/realm_access/roles'],
    ['$.realm_access.roles', '/realm_access/roles'],
    ['$[\'realm_access\']["roles"][*]', '/realm_access/roles'],
    ['realm_access/roles', '/realm_access/roles'],
    ['kubernetes.io.namespace', '/kubernetes.io/namespace'],
    ['kubernetes.io.pod.name', '/kubernetes.io/pod/name'],
    ['kubernetes.io/pod/name', '/kubernetes.io/pod/name'],
    ['$.list[0]', '/list/0'],
    ['groups', 'Groups'],
    ['GROUPS', 'Groups'],
  ])('%s, it names the one that is meant: %s', (claim, similar) => {
    expect(findSimilarClaim(claims, claim)).toBe(similar);
    expect(adviseOnClaim(claims, { claim, values: [] })).toBe(
      `The token has no ${JSON.stringify(claim)} but ${JSON.stringify(similar)}: write the claim so in the rule.`,
    );
  });

  it.each([
    'realm_access.groups',
    'roles',
    '/realm_access/Roles',
    '/groups',
    'https://a.example/groups',
    'urn:realm_access.roles',
    '$',
    '$.',
    '.',
    '',
    'toString',
    'constructor.name',
    '__proto__',
  ])('%s, it names none where there is none like it', (claim) => {
    expect(findSimilarClaim(claims, claim)).toBeUndefined();
    expect(adviseOnClaim(claims, { claim, values: ['dba'] })).toBeUndefined();
  });
});

describe('a path', () => {
  it.each([
    ['a.b', '/a/b'],
    ['a/b~c', '/a/b~0c'],
    ["$['a/b'].c", '/a~1b/c'],
    ['$.a', '/a'],
    ['a', undefined],
    ['/a/b', undefined],
    ['https://a.example/b', undefined],
    ['$', undefined],
  ])('%s is %s', (selector, pointer) => {
    expect(toPointer(selector)).toBe(pointer);
  });
});

describe('of a value', () => {
  const of = (value: unknown, values: readonly string[], claim = 'groups', split?: string) =>
    adviseOnClaim({ groups: value, scope: value, name: value }, { claim, split, values });
  const words = (claim: string): string =>
    `${JSON.stringify(claim)} holds several words: write split: " " into the rule, and each is compared by itself.`;

  it('that differs in case, it says so', () => {
    const hint = 'Values are compared byte for byte: "DBA" and "dba" differ in case.';
    expect(of('DBA', ['x', 'dba'])).toBe(hint);
    expect(of(['staff', 'DBA'], ['dba'])).toBe(hint);
    expect(of('staff DBA', ['dba'], 'scope', ' ')).toBe(hint);
    expect(of(['dba', 1], ['dba'])).toBeUndefined();
  });

  it('with several words, it says how to look at each, where words are what such a claim has', () => {
    for (const claim of ['scope', 'groups'])
      expect(of('openid dba', ['dba'], claim)).toBe(words(claim));
    expect(of(['x', 'openid dba'], ['dba'], 'scope')).toBe(words('scope'));
    // A word of somebody's name is no reason to let them in.
    expect(of('Eve dba', ['dba'], 'name')).toBeUndefined();
    expect(of('openid dba2', ['dba'], 'scope')).toBeUndefined();
    expect(of('openid dba', [], 'scope')).toBeUndefined();
    expect(of('openid,dba', ['dba'], 'scope', ',')).toBeUndefined();
    expect(of('openid dba', ['dba'], 'scope', ',')).toBeUndefined();
  });

  it.each<[value: string, affixes: readonly Affix[], advice: string | undefined]>([
    [
      'Alice@Example.com',
      [['trimSuffix', '@example.com']],
      '"@Example.com" and trimSuffix "@example.com"',
    ],
    ['DB-alice', [['trimPrefix', 'db-']], '"DB-" and trimPrefix "db-"'],
    ['alice@example.com', [['trimSuffix', '@example.com']], undefined],
    ['alice@example.org', [['trimSuffix', '@example.com']], undefined],
    ['OM', [['trimSuffix', '@example.com']], undefined],
    [
      'alice',
      [
        ['trimPrefix', ''],
        ['trimSuffix', ''],
      ],
      undefined,
    ],
  ])('%s, it says which beginning or end differs in case', (email, affixes, advice) => {
    expect(adviseOnClaim({ email }, { claim: 'email', values: [], affixes })).toBe(
      advice && `Values are compared byte for byte: ${advice} differ in case.`,
    );
  });

  it('that is an object, it says how to write a member', () => {
    expect(of({ 'a/b': 1 }, ['dba'])).toBe(
      'Claim "groups" is an object: write the path of a member, such as "/groups/a~1b".',
    );
    expect(adviseOnClaim({ a: { b: {} } }, { claim: '/a/b', values: [] })).toBe(
      'Claim "/a/b" is an object: write the path of a member, such as "/a/b/member".',
    );
  });

  it('of another kind, it says nothing', () => {
    for (const value of [1, null, true, [], ['x'], 'x', '']) {
      expect(of(value, ['dba'])).toBeUndefined();
    }
  });
});
