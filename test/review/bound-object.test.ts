// What a token is bound to, and which answers of an API server mean that it is gone. All others mean nothing: a session too many
// that ends is worse than one that goes on.
import { describe, expect, it } from 'vitest';

import {
  type BoundObject,
  boundObjectsOf,
  pathOf,
  readObject,
} from '../../src/review/bound-object.ts';

const NOW = 1_767_268_800;
const POD: BoundObject = { kind: 'pods', namespace: 'foo', name: 'web-0', uid: 'u-1' };
const ACCOUNT: BoundObject = {
  kind: 'serviceaccounts',
  namespace: 'foo',
  name: 'myservice',
  uid: 'u-2',
};
const METADATA = { name: 'web-0', namespace: 'foo', uid: 'u-1' };
const NOT_FOUND = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'pods "web-0" not found',
  reason: 'NotFound',
  details: { name: 'web-0', kind: 'pods' },
  code: 404,
};
const secondsAgo = (seconds: number): string => new Date((NOW - seconds) * 1000).toISOString();

describe('what a token is bound to', () => {
  const bound = {
    namespace: 'foo',
    pod: { name: 'web-0', uid: 'u-1' },
    serviceaccount: { name: 'myservice', uid: 'u-2' },
  };

  it('is its pod and its service account', () => {
    expect(boundObjectsOf({ 'kubernetes.io': bound })).toEqual([POD, ACCOUNT]);
    expect([POD, ACCOUNT].map(pathOf)).toEqual([
      '/api/v1/namespaces/foo/pods/web-0',
      '/api/v1/namespaces/foo/serviceaccounts/myservice',
    ]);
  });

  it('is its service account alone where it names no pod, and never its secret or its node', () => {
    const { serviceaccount } = bound;
    const more = { secret: { name: 's', uid: 'u-3' }, node: { name: 'n', uid: 'u-4' } };
    expect(
      boundObjectsOf({ 'kubernetes.io': { namespace: 'foo', serviceaccount, ...more } }),
    ).toEqual([ACCOUNT]);
  });

  it('is nothing for tokens of others', () => {
    expect(boundObjectsOf({ sub: 'alice' })).toEqual([]);
    expect(boundObjectsOf({ 'kubernetes.io': 'foo' })).toEqual([]);
  });

  it.each(['../secrets', 'a/b', 'a?b', 'a%2fb', '', '.', '..', 'A', 'x'.repeat(254), 7, null])(
    'is nothing with the name %j, which would be part of an address',
    (name) => {
      const pod = { name, uid: 'u-1' };
      expect(boundObjectsOf({ 'kubernetes.io': { namespace: 'foo', pod } })).toEqual([]);
      expect(
        boundObjectsOf({ 'kubernetes.io': { namespace: name, pod: { name: 'a', uid: 'u' } } }),
      ).toEqual([]);
    },
  );

  it.each(['', undefined, 7])('is nothing without a uid to compare: %j', (uid) => {
    expect(
      boundObjectsOf({ 'kubernetes.io': { namespace: 'foo', pod: { name: 'a', uid } } }),
    ).toEqual([]);
  });
});

describe('an object', () => {
  it('is there as long as its uid is the same, also while it is being deleted', () => {
    expect(readObject(POD, 200, { metadata: METADATA }, NOW)).toBe('there');
    // In 30 s, now, and until the minute is over for which an API server accepts its token.
    for (const seconds of [-30, 0, 59]) {
      const metadata = { ...METADATA, deletionTimestamp: secondsAgo(seconds) };
      expect(readObject(POD, 200, { metadata }, NOW)).toBe('there');
    }
  });

  it('is gone when the API server does not find it, has another of its name, or was to delete it a minute ago', () => {
    expect(readObject(POD, 404, NOT_FOUND, NOW)).toBe('gone');
    expect(readObject(POD, 200, { metadata: { ...METADATA, uid: 'u-9' } }, NOW)).toBe('gone');
    const metadata = { ...METADATA, deletionTimestamp: secondsAgo(61) };
    expect(readObject(POD, 200, { metadata }, NOW)).toBe('gone');
  });

  it.each<readonly [what: string, status: number, answer: Readonly<Record<string, unknown>>]>([
    ['404 of something that is no API server', 404, {}],
    ['404 with an error of a proxy', 404, { error: 'not found' }],
    ['404 for another name', 404, { ...NOT_FOUND, details: { name: 'web-1', kind: 'pods' } }],
    ['404 for another kind', 404, { ...NOT_FOUND, details: { name: 'web-0', kind: 'nodes' } }],
    ['404 for the address as such', 404, { ...NOT_FOUND, details: {} }],
    ['404 for another reason', 404, { ...NOT_FOUND, reason: 'Unknown' }],
    ['404 with the object', 404, { metadata: METADATA }],
    ['200 with a Status', 200, NOT_FOUND],
    ['200 without metadata', 200, { kind: 'Pod' }],
    ['200 with another name', 200, { metadata: { ...METADATA, name: 'web-1', uid: 'u-9' } }],
    [
      '200 with another namespace',
      200,
      { metadata: { ...METADATA, namespace: 'bar', uid: 'u-9' } },
    ],
    ['200 without a uid', 200, { metadata: { name: 'web-0', namespace: 'foo' } }],
    ['200 with a uid that is no text', 200, { metadata: { ...METADATA, uid: 7 } }],
    ['another status', 201, { metadata: { ...METADATA, uid: 'u-9' } }],
  ])('is not known to be gone after %s', (_what, status, answer) => {
    expect(readObject(POD, status, answer, NOW)).toBe('unknown');
  });

  it('is there with a time of deletion that cannot be read', () => {
    for (const deletionTimestamp of ['soon', 0, null, '']) {
      expect(readObject(POD, 200, { metadata: { ...METADATA, deletionTimestamp } }, NOW)).toBe(
        'there',
      );
    }
  });
});
