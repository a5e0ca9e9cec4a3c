// The tokens that an API server makes: what they are bound to, how long they live, for whom they are, and what becomes of each
// at a login. The keys come from keys.jwksURI at the API server.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { createAccountKey } from './create-account-key.ts';
import {
  assignNode,
  createAccounts,
  createNode,
  createPod,
  createSecret,
} from './create-object.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import { entryFor } from './entry-for.ts';
import { publishKeys } from './publish-keys.ts';
import { type BoundObject, requestToken, type TokenOptions } from './request-token.ts';
import { type ApiServer, startApiServer } from './start-api-server.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const ROLE = 'foo:myservice';
const ACCOUNT = { namespace: 'foo', serviceAccount: 'myservice' };
const YEAR = 365 * 24 * 3600;

const peer = inject('peer');
const stack = new AsyncDisposableStack();
let api: ApiServer;
let database: Database;
let objects: Readonly<Record<string, BoundObject | undefined>>;

/** A daemon for the cluster, with these limits of a token. */
const startDaemon = async (token: Readonly<Record<string, unknown>>): Promise<void> =>
  database.startDaemon([entryFor(api, ISSUER, { token })]);

/** Asks for a token and logs in with it. */
const logIn = async (options: TokenOptions): Promise<string> =>
  database.logIn(ROLE, (await requestToken(api, options)).token);

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  api = stack.use(
    await startApiServer({ peer, authority, issuers: [ISSUER], keys: [createAccountKey('RSA')] }),
  );
  await publishKeys(api);
  await createAccounts(api, 'foo', ['myservice']);
  const node = await createNode(api, 'worker-1');
  const pod = await createPod(api, 'foo', 'myservice', 'myservice-1');
  const scheduled = await createPod(api, 'foo', 'myservice', 'myservice-2');
  await assignNode(api, 'foo', 'myservice-2', 'worker-1');
  const secret = await createSecret(api, 'foo', 'binding');
  objects = {
    'a pod': pod,
    'a pod on a node': scheduled,
    'a secret': secret,
    'a node': node,
    nothing: undefined,
  };
  database = stack.use(await startDatabase([ROLE]));
});
afterAll(async () => {
  await stack.disposeAsync();
});

const boundTo = (what: string): Partial<TokenOptions> => {
  const object = objects[what];
  return object === undefined ? {} : { boundTo: object };
};

describe('a token bound to', () => {
  it.each(['a pod', 'a pod on a node', 'a secret', 'a node', 'nothing'])(
    '%s logs in',
    async (what) => {
      if (what === 'a pod') await startDaemon({ maxLifetime: '15m' });
      expect(await logIn({ ...ACCOUNT, ...boundTo(what) })).toBe('granted');
    },
  );

  it('a pod on a node names the pod and the node, one bound to nothing neither', async () => {
    const [pod, nothing] = await Promise.all(
      ['a pod on a node', 'nothing'].map(async (what) =>
        requestToken(api, { ...ACCOUNT, ...boundTo(what) }),
      ),
    );
    const kubernetes = {
      namespace: 'foo',
      serviceaccount: { name: 'myservice', uid: expect.any(String) as unknown },
    };
    expect(pod?.claims['kubernetes.io']).toEqual({
      ...kubernetes,
      pod: { name: 'myservice-2', uid: objects['a pod on a node']?.uid },
      node: { name: 'worker-1', uid: objects['a node']?.uid },
    });
    expect(nothing?.claims['kubernetes.io']).toEqual(kubernetes);
  });

  it.each([
    ['pod', ['a pod', 'a pod on a node']],
    ['node', ['a node']],
    ['secret', ['a secret']],
  ])('%s is what token.boundTo asks for: no other logs in', async (kind, fitting) => {
    await startDaemon({ maxLifetime: '15m', boundTo: [kind] });
    for (const what of Object.keys(objects)) {
      const outcome = await logIn({ ...ACCOUNT, ...boundTo(what) });
      const expected = fitting.includes(what)
        ? /^granted$/
        : /^denied ERR_CLAIM_REJECTED the token is bound to (?:a (?:pod|secret|node)|nothing) .*\(token\.boundTo\)/;
      expect([what, outcome]).toEqual([what, expect.stringMatching(expected)]);
    }
  });
});

describe('a lifetime of', () => {
  it('ten minutes is the least that the API server gives', async () => {
    await expect(requestToken(api, { ...ACCOUNT, expirationSeconds: 599 })).rejects.toThrow(
      /422 .*may not specify a duration less than 10 minutes/,
    );
  });

  it("3607 seconds becomes a year where the token is a pod's and for the API server, with a warning after 3607 seconds", async () => {
    const { claims, expirationTimestamp } = await requestToken(api, {
      ...ACCOUNT,
      ...boundTo('a pod'),
      audiences: [ISSUER],
      expirationSeconds: 3607,
    });
    const [iat, exp] = [Number(claims['iat']), Number(claims['exp'])];
    expect(exp - iat).toBe(YEAR);
    expect(claims['kubernetes.io']).toMatchObject({ warnafter: iat + 3607 });
    // What the kubelet goes by; the API server looks at the clock twice.
    expect([3606, 3607]).toContain(Date.parse(expirationTimestamp) / 1000 - iat);
  });

  it.each(['a pod', 'nothing'])(
    '3607 seconds is what it says where the token is for PostgreSQL, bound to %s',
    async (what) => {
      const { claims } = await requestToken(api, {
        ...ACCOUNT,
        ...boundTo(what),
        expirationSeconds: 3607,
      });
      expect(Number(claims['exp']) - Number(claims['iat'])).toBe(3607);
    },
  );

  it('3607 seconds is refused by a maxLifetime of an hour, and 3600 seconds are let in', async () => {
    await startDaemon({ maxLifetime: '1h' });
    expect(await logIn({ ...ACCOUNT, ...boundTo('a pod'), expirationSeconds: 3607 })).toMatch(
      /^denied ERR_TOKEN_LIFETIME the token is valid for /,
    );
    expect(await logIn({ ...ACCOUNT, ...boundTo('a pod'), expirationSeconds: 3600 })).toBe(
      'granted',
    );
  });

  it('a year is what kubectl create token --duration 8760h gets, and is refused by default', async () => {
    const { claims } = await requestToken(api, { ...ACCOUNT, expirationSeconds: YEAR });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(YEAR);
    await startDaemon({});
    expect(await logIn({ ...ACCOUNT, expirationSeconds: YEAR })).toMatch(
      /^denied ERR_TOKEN_LIFETIME the token is valid for 365 d .*expected at most 24 h/,
    );
  });
});

describe('a token for', () => {
  it.each([
    ['another audience', ['vault']],
    ["the API server's own audience", [ISSUER]],
    ['an audience that begins with ours', ['postgres-admin']],
  ])('%s is refused', async (_what, audiences) => {
    expect(await logIn({ ...ACCOUNT, audiences })).toMatch(
      /^denied ERR_AUDIENCE_MISMATCH aud is .*; expected "postgres"/,
    );
  });

  it('no audience is one for the API server, and is refused', async () => {
    const { claims } = await requestToken(api, { ...ACCOUNT, audiences: [] });
    expect(claims['aud']).toEqual([ISSUER]);
    expect(await logIn({ ...ACCOUNT, audiences: [] })).toMatch(/^denied ERR_AUDIENCE_MISMATCH /);
  });

  it('our audience and another one logs in, with audienceMatchPolicy left out', async () => {
    expect(await logIn({ ...ACCOUNT, audiences: ['vault', 'postgres'] })).toBe('granted');
  });
});

it('another service account is another role', async () => {
  await api.kubectl(['create', 'serviceaccount', 'reporting', '-n', 'foo']);
  const { token } = await requestToken(api, { namespace: 'foo', serviceAccount: 'reporting' });
  expect(await database.logIn(ROLE, token)).toMatch(
    /^denied ERR_ROLE_NOT_PERMITTED .*"foo:reporting"/,
  );
});
