// Asking an API server: over one connection, once for each token, within its time; and what becomes of everything that it may
// answer. The API server is the stand-in of test/support.
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { chmod, writeFile } from 'node:fs/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { findClaim } from '../../../src/claims/claim.ts';
import { createLookUp } from '../../../src/issuers/look-up.ts';
import { createReviewers } from '../../../src/issuers/review/create-reviewers.ts';
import { createReviewer, type Reviewer } from '../../../src/issuers/review/reviewer.ts';
import { createSecureContexts } from '../../../src/issuers/secure-contexts.ts';
import { boundObjectsOf } from '../../../src/review/bound-object.ts';
import type { ReviewOutcome } from '../../../src/review/review-outcome.ts';
import type { ReviewSource } from '../../../src/review/review-source.ts';
import type { ReviewedToken } from '../../../src/review/token-review.ts';
import { type ApiServer, startApiServer } from '../../support/api-server.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../support/certificate-authority.ts';
import { poll } from '../../support/poll.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

const SUBJECT = 'system:serviceaccount:foo:myservice';
const PATH = '/apis/authentication.k8s.io/v1/tokenreviews';

let authority: CertificateAuthority;
let folder: TemporaryFolder;
let api: ApiServer;
let reviewer: Reviewer | undefined;
let uptime = 100;

beforeAll(async () => {
  authority = await createCertificateAuthority();
});
afterAll(async () => {
  await authority[Symbol.asyncDispose]();
});
beforeEach(async () => {
  folder = await createTemporaryFolder('reviewer');
  api = await startApiServer(authority);
  api.create('serviceaccounts', 'foo', 'myservice');
  api.create('pods', 'foo', 'web-0');
  await writeToken(api.reviewer.token);
});
afterEach(async () => {
  reviewer?.close();
  reviewer = undefined;
  await api[Symbol.asyncDispose]();
  await folder.remove();
});

async function writeToken(text: string, mode = 0o600): Promise<void> {
  const path = join(folder.path, 'reviewer.token');
  await writeFile(path, `${text}\n`);
  await chmod(path, mode);
}

function sourceOf(more: Partial<ReviewSource> = {}): ReviewSource {
  return {
    url: api.url,
    certificateAuthority: authority.certificate,
    proxyURL: undefined,
    bearerTokenFile: join(folder.path, 'reviewer.token'),
    audiences: ['postgres'],
    cacheFor: 10,
    // Longer than a busy machine takes for anything here.
    timeout: 30,
    ...more,
  };
}

function create(more: Partial<ReviewSource> = {}): Reviewer {
  reviewer?.close();
  reviewer = createReviewer(sourceOf(more), {
    secureContexts: createSecureContexts(),
    lookUp: createLookUp(),
    uptime: () => uptime,
  });
  return reviewer;
}

/** The review of a new reviewer. */
function reviewWith(more: Partial<ReviewSource> = {}) {
  const created = create(more);
  return async (token: ReviewedToken): Promise<ReviewOutcome> => created.review(token);
}

function tokenOf(more: Readonly<Record<string, unknown>> = {}): ReviewedToken {
  const claims = {
    sub: SUBJECT,
    aud: ['postgres'],
    exp: Math.floor(Date.now() / 1000) + 600,
    'kubernetes.io': api.claimsOf('foo', 'myservice', 'web-0'),
    ...more,
  };
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return { text: `eyJhbGciOiJub25lIn0.${payload}.c2lnbmF0dXJl`, claims };
}

function reasonOf(outcome: ReviewOutcome): string {
  return outcome.kind === 'yes'
    ? `yes${outcome.cached ? ', cached' : ''}`
    : `${outcome.kind} ${outcome.refusal.code} ${outcome.refusal.message.replaceAll(api.url, 'API')}`;
}

const hintOf = (outcome: ReviewOutcome): string | undefined =>
  outcome.kind === 'yes' ? undefined : outcome.refusal.hint;

describe('a review', () => {
  it('asks with the token, the audiences and our own token, and keeps its connection', async () => {
    const review = reviewWith();
    for (let number = 0; number < 5; number += 1) {
      expect(reasonOf(await review(tokenOf({ jti: String(number) })))).toBe('yes');
    }
    expect(api.requests).toEqual(
      Array.from({ length: 5 }, () => ({ method: 'POST', path: PATH, audiences: ['postgres'] })),
    );
    expect(api.connections()).toBe(1);
  });

  it('goes on over a new connection where the API server has ended the kept one', async () => {
    const review = reviewWith();
    await review(tokenOf());
    const { port } = new URL(api.url);
    await api[Symbol.asyncDispose]();
    api = await startApiServer(authority, Number(port));
    api.create('serviceaccounts', 'foo', 'myservice');
    api.create('pods', 'foo', 'web-0');
    expect(reasonOf(await review(tokenOf()))).toBe('yes');
  });

  it('reads our own token anew each time', async () => {
    const review = reviewWith();
    await review(tokenOf());
    api.reviewer.token = 'another-token-of-the-tests';
    expect(reasonOf(await review(tokenOf({ jti: 'a' })))).toMatch(/answered 401/);
    await writeToken(api.reviewer.token);
    expect(reasonOf(await review(tokenOf({ jti: 'b' })))).toBe('yes');
  });

  it('puts its path behind that of the address', async () => {
    const review = reviewWith({ url: `${api.url}/k8s/clusters/c-1` });
    expect(reasonOf(await review(tokenOf()))).toBe(
      `unavailable ERR_REVIEW_UNAVAILABLE API/k8s/clusters/c-1${PATH} answered 404; expected 201 or 200`,
    );
  });

  it('is a no once the pod is deleted, and for what was made again under its name', async () => {
    const review = reviewWith({ cacheFor: 0 });
    const token = tokenOf();
    expect(reasonOf(await review(token))).toBe('yes');
    api.delete('pods', 'foo', 'web-0');
    // The API server itself keeps a yes for ten seconds.
    expect(reasonOf(await review(token))).toBe('yes');
    api.forget();
    expect(reasonOf(await review(token))).toBe(
      'no ERR_TOKEN_REVOKED the API server does not accept the token any more: "[invalid bearer token, service account token has been invalidated]"',
    );
    api.create('pods', 'foo', 'web-0');
    expect(reasonOf(await review(token))).toMatch(
      /^no ERR_TOKEN_REVOKED .*: "\[invalid bearer token, pods UID \(/,
    );
    expect(reasonOf(await review(tokenOf()))).toBe('yes');
  });
});

describe('a yes', () => {
  it('counts again for cacheFor from the first question on, and no longer for being asked for', async () => {
    const review = reviewWith({ cacheFor: 10 });
    const token = tokenOf();
    expect(reasonOf(await review(token))).toBe('yes');
    for (const second of [3, 6, 9.9]) {
      uptime = 100 + second;
      expect(reasonOf(await review(token))).toBe('yes, cached');
    }
    uptime = 110;
    api.forget();
    api.delete('pods', 'foo', 'web-0');
    expect(reasonOf(await review(token))).toMatch(/^no /);
    uptime = 100;
  });

  it('counts once with cacheFor 0s', async () => {
    const review = reviewWith({ cacheFor: 0 });
    const token = tokenOf();
    await review(token);
    expect(reasonOf(await review(token))).toBe('yes');
    expect(api.requests).toHaveLength(2);
  });

  it('is one of that token: another of the same subject is asked about', async () => {
    const review = reviewWith();
    await review(tokenOf());
    await review(tokenOf({ jti: 'other' }));
    expect(api.requests).toHaveLength(2);
  });
});

describe('a no', () => {
  it('is never kept: what exists a moment later is granted then', async () => {
    const review = reviewWith();
    const token = tokenOf();
    const uid = api.delete('pods', 'foo', 'web-0');
    expect(reasonOf(await review(token))).toMatch(/^no /);
    api.restore('pods', 'foo', 'web-0', uid);
    expect(reasonOf(await review(token))).toBe('yes');
    expect(api.requests).toHaveLength(2);
  });
});

describe('many logins at a time', () => {
  it('with one token are one question, whose answer all get', async () => {
    const review = reviewWith();
    const release = api.hold();
    const token = tokenOf();
    const asked = Array.from({ length: 50 }, async () => review({ ...token }));
    await delay(100);
    release();
    expect(new Set((await Promise.all(asked)).map(reasonOf))).toEqual(new Set(['yes']));
    expect(api.requests).toHaveLength(1);
  });

  it('with tokens of their own take turns: eight connections, and none is lost', async () => {
    const review = reviewWith();
    const release = api.hold();
    const asked = Array.from({ length: 200 }, async (_, at) =>
      review(tokenOf({ jti: String(at) })),
    );
    await poll('eight connections', () => api.connections() === 8 || undefined);
    release();
    expect(new Set((await Promise.all(asked)).map(reasonOf))).toEqual(new Set(['yes']));
    expect(api.requests).toHaveLength(200);
    expect(api.connections()).toBe(8);
  });

  it('are refused at once where too many wait, and others get their answer in time', async () => {
    const review = reviewWith({ timeout: 1 });
    api.fail('hang');
    const asked = Array.from({ length: 300 }, async (_, at) =>
      review(tokenOf({ jti: String(at) })),
    );
    const reasons = (await Promise.all(asked)).map(reasonOf);
    expect(
      Map.groupBy(reasons, (reason) => reason)
        .keys()
        .toArray()
        .toSorted(),
    ).toEqual([
      'unavailable ERR_REVIEW_UNAVAILABLE API/apis/authentication.k8s.io/v1/tokenreviews: no answer in time (review.timeout)',
      'unavailable ERR_REVIEW_UNAVAILABLE API: 256 questions wait already',
    ]);
    expect(reasons.filter((reason) => reason.includes('wait already'))).toHaveLength(36);
    api.fail(undefined);
    expect(reasonOf(await review(tokenOf()))).toBe('yes');
  });
});

describe('what cannot be used is told as that', () => {
  const failed = async (
    more: Partial<ReviewSource> = {},
  ): Promise<readonly [string, string | undefined]> => {
    const outcome = await create(more).review(tokenOf());
    const reason = reasonOf(outcome).replace(/^unavailable ERR_REVIEW_UNAVAILABLE /, '');
    return [reason.replace(`API${PATH}`, 'IT'), hintOf(outcome)];
  };

  it('no answer', async () => {
    api.fail('hang');
    const [reason, hint] = await failed({ timeout: 0.2 });
    expect(reason).toBe('IT: no answer in time (review.timeout)');
    expect(hint).toMatch(/raise review\.timeout/);
  });

  it('our own token that is not accepted', async () => {
    api.fail('unauthorized');
    const [reason, hint] = await failed();
    expect(reason).toBe('IT answered 401 to our own token (review.bearerTokenFile)');
    expect(hint).toMatch(/^Replace the token in review\.bearerTokenFile/);
  });

  it('our own token that may not ask', async () => {
    api.reviewer.may.delete('create tokenreviews');
    const [reason, hint] = await failed();
    expect(reason).toBe(
      'IT answered 403: our own token (review.bearerTokenFile) may not create tokenreviews',
    );
    expect(hint).toMatch(/system:auth-delegator/);
  });

  it.each([
    ['status-500', 'IT answered 500; expected 201 or 200'],
    ['status-429', 'IT answered 429; expected 201 or 200'],
    ['redirect', 'IT answered 307 (a redirect, which is not followed); expected 201 or 200'],
    ['html', 'IT answered 20 bytes of type "text/html" that are no JSON object: not valid JSON'],
    ['huge', 'IT: the answer is over 1048576 bytes'],
    ['reset', 'IT: the connection was closed'],
  ] as const)('%s', async (failure, expected) => {
    api.fail(failure);
    const [reason] = await failed();
    expect(reason).toBe(expected);
    api.fail(undefined);
    expect(reasonOf(await reviewer!.review(tokenOf({ jti: 'x' })))).toBe('yes');
  });

  it('a member twice', async () => {
    api.alter((answer) =>
      JSON.stringify(answer).replace('"authenticated"', '"authenticated":false,"authenticated"'),
    );
    expect((await failed())[0]).toMatch(
      /no JSON object: a member stands twice in the same object$/,
    );
  });

  it('another certificate authority, before our token is sent', async () => {
    await using other = await createCertificateAuthority();
    const [reason, hint] = await failed({ certificateAuthority: other.certificate });
    expect(reason).toMatch(/^IT: .*certificate/);
    expect(hint).toMatch(/certificateAuthority/);
    expect(api.requests).toEqual([]);
  });

  it.each([
    ['missing', undefined, /cannot be used: no such file$/],
    ['writable by others', 0o666, /cannot be used: mode 0666 lets group or others write it/],
    ['of two lines', 0o600, /holds no token; expected one line/],
  ] as const)('a file for our own token that is %s', async (what, mode, expected) => {
    if (mode !== undefined) await writeToken(what === 'of two lines' ? 'a\nb' : 'a', mode);
    const file = mode === undefined ? 'no-token' : 'reviewer.token';
    const [reason] = await failed({ bearerTokenFile: join(folder.path, file) });
    expect(reason).toMatch(expected);
    expect(reason).toContain('(review.bearerTokenFile)');
    expect(api.requests).toEqual([]);
  });

  it('nobody at the address', async () => {
    await api[Symbol.asyncDispose]();
    expect((await failed())[0]).toBe('IT: connection refused');
  });
});

describe('an answer about somebody else', () => {
  const answerWith = (status: object): void => {
    api.alter((answer) => ({ ...answer, status }));
  };
  const uid = (): unknown => findClaim(tokenOf().claims, '/kubernetes.io/serviceaccount/uid');

  it('is a no', async () => {
    const review = reviewWith({ cacheFor: 10 });
    const yes = { authenticated: true, audiences: ['postgres'] };
    answerWith({ ...yes, user: { username: 'system:serviceaccount:foo:other', uid: uid() } });
    expect(reasonOf(await review(tokenOf()))).toMatch(/^no ERR_TOKEN_REVOKED .*:other"/);
    answerWith({ ...yes, user: { username: SUBJECT, uid: 'x' } });
    expect(reasonOf(await review(tokenOf()))).toMatch(/^no ERR_TOKEN_REVOKED .*uid "x"/);
    answerWith({ ...yes, audiences: ['vault'], user: { username: SUBJECT, uid: uid() } });
    expect(reasonOf(await review(tokenOf()))).toMatch(/^no ERR_TOKEN_REVOKED .*"vault"/);
    api.alter(undefined);
    expect(reasonOf(await review(tokenOf()))).toBe('yes');
  });
});

describe('a look at what a token is bound to', () => {
  const look = async (which = 0) => {
    const object = boundObjectsOf(tokenOf().claims)[which];
    if (object === undefined) throw new Error('it is bound to nothing');
    return (): ReturnType<Reviewer['lookAt']> =>
      (reviewer ?? create()).lookAt(object, Date.now() / 1000);
  };

  it('asks for its metadata over the same connection', async () => {
    const review = reviewWith();
    await review(tokenOf());
    expect(await (await look(0))()).toEqual({ state: 'there' });
    expect(await (await look(1))()).toEqual({ state: 'there' });
    expect(api.connections()).toBe(1);
  });

  it('finds it gone when it is deleted, or made again', async () => {
    const again = await look(0);
    api.delete('pods', 'foo', 'web-0');
    expect(await again()).toEqual({ state: 'gone' });
    api.create('pods', 'foo', 'web-0');
    expect(await again()).toEqual({ state: 'gone' });
  });

  it('leaves it open where we may not look, and whatever goes wrong', async () => {
    const again = await look(0);
    api.delete('pods', 'foo', 'web-0');
    api.reviewer.may.delete('get pods');
    const answer = await again();
    const { reason, hint } = answer.state === 'unknown' ? answer : {};
    expect(reason).toMatch(/answered 403: our own token .* may not get pods$/);
    expect(hint).toContain('reviewer.yaml');
    for (const failure of [
      'unauthorized',
      'forbidden',
      'status-500',
      'html',
      'huge',
      'reset',
    ] as const) {
      api.fail(failure);
      expect(await again()).toMatchObject({ state: 'unknown' });
    }
  });
});

describe('the reviewers of a policy', () => {
  it('go on over a reload where nothing of them changes, and are others where something does', async () => {
    const reviewers = createReviewers(() => uptime);
    const first = reviewers.use([{ name: 'a', review: sourceOf() }, { name: 'b' }]);
    expect(first('b')).toBeUndefined();
    expect(first('c')).toBeUndefined();
    await first('a')?.review(tokenOf());
    const second = reviewers.use([{ name: 'a', review: sourceOf() }]);
    expect(second('a')).toBe(first('a'));
    const third = reviewers.use([
      { name: 'a', review: sourceOf({ audiences: ['other', 'postgres'] }) },
    ]);
    expect(third('a')).not.toBe(first('a'));
    // What was decided by the policy before is still decided by its reviewer.
    expect(reasonOf(await first('a')!.review(tokenOf({ jti: 'x' })))).toBe('yes');
    reviewers.close();
  });
});
