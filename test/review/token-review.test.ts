// Which answers of an API server are a yes: one form alone. Everything here tries to get one by another.
import { describe, expect, it } from 'vitest';

import type { JSONObject } from '../../src/parse-json-object.ts';
import { parseJSONObject } from '../../src/parse-json-object.ts';
import type { ReviewOutcome } from '../../src/review/review-outcome.ts';
import { readTokenReview, tokenReviewOf } from '../../src/review/token-review.ts';

const UID = '3d8e4b1e-7c7b-4a4e-9c51-0e6f6f1a9c01';
const CLAIMS = {
  sub: 'system:serviceaccount:foo:myservice',
  aud: ['postgres'],
  'kubernetes.io': {
    namespace: 'foo',
    serviceaccount: { name: 'myservice', uid: UID },
    pod: { name: 'web-0', uid: '11e0d0a5-6a2b-4a0b-8a8d-9a7f8d1b6f02' },
  },
};
const TOKEN = {
  text: 'eyJhbGciOiJSUzI1NiJ9.c29tZWJvZHktZWxzZQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg',
  claims: CLAIMS,
};
const USER = { username: CLAIMS.sub, uid: UID, groups: ['system:authenticated'] };
const STATUS = { authenticated: true, user: USER, audiences: ['postgres'] };

function answerWith(status: unknown, more: JSONObject = {}): JSONObject {
  return {
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {},
    spec: { token: TOKEN.text, audiences: ['postgres'] },
    status,
    ...more,
  };
}

const read = (answer: JSONObject, claims: JSONObject = CLAIMS): ReviewOutcome =>
  readTokenReview(answer, { ...TOKEN, claims }, ['postgres', 'other']);

function reasonOf(outcome: ReviewOutcome): readonly unknown[] {
  return outcome.kind === 'yes'
    ? ['yes']
    : [outcome.kind, outcome.refusal.code, outcome.refusal.message];
}

describe('the question', () => {
  it('has the token and the audiences of the entry', () => {
    expect(JSON.parse(tokenReviewOf('a.b.c', ['postgres']))).toEqual({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: 'a.b.c', audiences: ['postgres'] },
    });
  });
});

describe('a yes', () => {
  it('is for the very user, and for one of the audiences', () => {
    expect(read(answerWith(STATUS))).toEqual({ kind: 'yes', cached: false });
    expect(read(answerWith({ ...STATUS, audiences: ['x', 'other'] })).kind).toBe('yes');
  });

  it('need not name the uid where the token does not', () => {
    const claims = { sub: CLAIMS.sub };
    expect(read(answerWith({ ...STATUS, user: { username: CLAIMS.sub } }), claims).kind).toBe(
      'yes',
    );
  });
});

describe('a no', () => {
  it('says why, as the API server does', () => {
    const error = '[invalid bearer token, service account token has been invalidated]';
    expect(reasonOf(read(answerWith({ user: {}, error })))).toEqual([
      'no',
      'ERR_TOKEN_REVOKED',
      `the API server does not accept the token any more: "${error}"`,
    ]);
  });

  it('shows nothing of the token that the API server puts into its reason', () => {
    const [, payload = '', signature = ''] = TOKEN.text.split('.');
    const error = `bad ${TOKEN.text} or ${payload} or ${signature} or ${signature.slice(3, 17)}`;
    const outcome = read(answerWith({ authenticated: false, error }));
    expect(JSON.stringify(outcome)).not.toMatch(/c29tZWJv|c2lnbmF0|mF0dXJlLW9/);
    expect(reasonOf(outcome)[2]).toContain('(a token)');
  });

  it('is short and printable, whatever the reason is', () => {
    const [, , message] = reasonOf(
      read(answerWith({ authenticated: false, error: `\u001B[2J\n${'x'.repeat(100_000)}` })),
    );
    expect(message).toMatch(/^[\x20-\x7e]{1,200}$/);
  });

  it.each<readonly [what: string, status: unknown, message: string]>([
    ['nothing said', {}, 'the API server does not accept the token any more'],
    [
      'null',
      { ...STATUS, authenticated: null },
      'the API server does not accept the token any more',
    ],
    [
      'false, with all the rest',
      { ...STATUS, authenticated: false },
      'the API server does not accept the token any more',
    ],
    [
      'no audiences',
      { ...STATUS, audiences: undefined },
      'the API server accepts the token for no audience; expected "postgres", "other"',
    ],
    [
      'an empty list of audiences',
      { ...STATUS, audiences: [] },
      'the API server accepts the token for audiences ; expected "postgres", "other"',
    ],
    [
      'an audience of others',
      { ...STATUS, audiences: ['https://kubernetes.default.svc'] },
      'the API server accepts the token for audiences "https://kubernetes.default.svc"; expected "postgres", "other"',
    ],
    [
      'audiences as one text',
      { ...STATUS, audiences: 'postgres' },
      'the API server accepts the token for audiences ; expected "postgres", "other"',
    ],
    [
      'an audience within another',
      { ...STATUS, audiences: ['postgres ', 'POSTGRES', ['postgres']] },
      'the API server accepts the token for audiences "postgres ", "POSTGRES", ["postgres"]; expected "postgres", "other"',
    ],
    [
      'audiences as an object',
      { ...STATUS, audiences: { 0: 'postgres', length: 1, includes: true } },
      'the API server accepts the token for audiences ; expected "postgres", "other"',
    ],
    [
      'another user',
      { ...STATUS, user: { ...USER, username: 'system:serviceaccount:foo:other' } },
      `the API server accepts the token as user "system:serviceaccount:foo:other"; expected "${CLAIMS.sub}"`,
    ],
    [
      'a list with the user',
      { ...STATUS, user: { ...USER, username: [CLAIMS.sub] } },
      `the API server accepts the token as user ["${CLAIMS.sub}"]; expected "${CLAIMS.sub}"`,
    ],
    [
      'no user',
      { ...STATUS, user: undefined },
      `the API server accepts the token as user undefined; expected "${CLAIMS.sub}"`,
    ],
    [
      'users as a list',
      { ...STATUS, user: [USER] },
      `the API server accepts the token as user undefined; expected "${CLAIMS.sub}"`,
    ],
    [
      'another uid',
      { ...STATUS, user: { ...USER, uid: 'other' } },
      `the API server accepts the token as uid "other"; expected "${UID}"`,
    ],
    [
      'no uid',
      { ...STATUS, user: { username: CLAIMS.sub } },
      `the API server accepts the token as uid undefined; expected "${UID}"`,
    ],
    [
      'the user by a prototype',
      JSON.parse(
        JSON.stringify({ ...STATUS, user: undefined }).replace(
          /\}$/,
          `,"user":{"__proto__":${JSON.stringify(USER)}}}`,
        ),
      ),
      `the API server accepts the token as user undefined; expected "${CLAIMS.sub}"`,
    ],
  ])('%s', (_what, status, message) => {
    const outcome = read(answerWith(status));
    expect(reasonOf(outcome)).toEqual(['no', 'ERR_TOKEN_REVOKED', message]);
  });

  it('a token whose uid or sub is no text is nobody that an API server names', () => {
    const odd = { 'kubernetes.io': { serviceaccount: { uid: null } }, sub: CLAIMS.sub };
    expect(read(answerWith(STATUS), odd).kind).toBe('no');
    expect(read(answerWith({ ...STATUS, user: { ...USER, username: 7 } }), { sub: 7 }).kind).toBe(
      'no',
    );
    expect(read(answerWith({ ...STATUS, user: {} }), {}).kind).toBe('no');
  });
});

describe('an answer that cannot be used', () => {
  it.each<readonly [what: string, answer: JSONObject, message: RegExp]>([
    ['another kind', answerWith(STATUS, { kind: 'SelfSubjectReview' }), /kind "SelfSubjectReview"/],
    ['no kind', answerWith(STATUS, { kind: undefined }), /kind undefined/],
    [
      'another version',
      answerWith(STATUS, { apiVersion: 'authentication.k8s.io/v1beta1' }),
      /of "authentication.k8s.io\/v1beta1"; expected TokenReview of authentication.k8s.io\/v1/,
    ],
    ['no status', answerWith(undefined), /expected TokenReview .* with a status$/],
    ['a status that is a text', answerWith('Success'), /with a status$/],
    ['a status that is a list', answerWith([STATUS]), /with a status$/],
    [
      '"true" as text',
      answerWith({ ...STATUS, authenticated: 'true' }),
      /is "true"; expected true or false$/,
    ],
    ['1', answerWith({ ...STATUS, authenticated: 1 }), /is 1; expected true or false$/],
    ['a list', answerWith({ ...STATUS, authenticated: [true] }), /is \[true\]; expected/],
    [
      'the status of a prototype',
      { ...answerWith(undefined), ['__proto__']: { status: STATUS } },
      /with a status$/,
    ],
    [
      'what a Status says',
      { kind: 'Status', apiVersion: 'v1', status: 'Failure' },
      /kind "Status" of "v1"/,
    ],
    ['the question itself', { ...answerWith(undefined), metadata: undefined }, /with a status$/],
  ])('%s', (_what, answer, message) => {
    const [kind, code, said] = reasonOf(read(answer));
    expect([kind, code]).toEqual(['unavailable', 'ERR_REVIEW_UNAVAILABLE']);
    expect(said).toMatch(message);
  });

  it('is one with a member twice, which others read otherwise', () => {
    const text = JSON.stringify(answerWith(STATUS)).replace(
      '"authenticated":true',
      '"authenticated":false,"authenticated":true',
    );
    expect(parseJSONObject(Buffer.from(text))).toBe('a member stands twice in the same object');
  });
});
