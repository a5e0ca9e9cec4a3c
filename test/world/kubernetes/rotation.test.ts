// An API server whose signing keys and issuers change, as docs/issuers/kubernetes.md says to: the new one first, the old one kept until
// nobody has a token of it. The API server is started anew for each change, as it reads its keys once.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import * as z from 'zod/mini';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { poll } from '../../support/poll.ts';
import { createAccountKey } from './create-account-key.ts';
import { createAccounts } from './create-object.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import { entryFor } from './entry-for.ts';
import { isAccepted } from './is-accepted.ts';
import { publishKeys } from './publish-keys.ts';
import { type RequestedToken, requestToken } from './request-token.ts';
import { type ApiServer, startApiServer } from './start-api-server.ts';

const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
const NEW_ISSUER = 'https://k8s-oidc.example.com';
const ROLE = 'foo:myservice';

const peer = inject('peer');
const stack = new AsyncDisposableStack();
const keys = { old: createAccountKey('RSA'), new: createAccountKey('RSA') };
let api: ApiServer;
let database: Database;
/** A token of the key that signed at the beginning. */
let oldToken: RequestedToken;

const newToken = async (): Promise<RequestedToken> =>
  requestToken(api, { namespace: 'foo', serviceAccount: 'myservice' });
const logIn = async ({ token }: RequestedToken): Promise<string> => database.logIn(ROLE, token);

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  api = stack.use(
    await startApiServer({ peer, authority, issuers: [DEFAULT_ISSUER], keys: [keys.old] }),
  );
  await publishKeys(api);
  await createAccounts(api, 'foo', ['myservice']);
  database = stack.use(await startDatabase([ROLE]));
  oldToken = await newToken();
});
afterAll(async () => {
  await stack.disposeAsync();
});

describe('a new signing key beside the old one', () => {
  beforeAll(async () => {
    // Long, so that only an unknown key leads to the API server.
    await database.startDaemon([
      entryFor(api, DEFAULT_ISSUER, {
        cache: { refreshInterval: '1h', unknownKeyCooldown: '1s' },
      }),
    ]);
    // So that the keys are there.
    await logIn(oldToken);
    await api.restart({ keys: [keys.new, keys.old] });
  });

  it('is published with it', async () => {
    const token = await newToken();
    expect(token.header['kid']).not.toBe(oldToken.header['kid']);
    const answer = await api.ask('/openid/v1/jwks', { as: 'nobody' });
    const published = z
      .looseObject({ keys: z.array(z.looseObject({ kid: z.string(), alg: z.string() })) })
      .parse(answer.json());
    expect(new Set(published.keys.map(({ kid }) => kid))).toEqual(
      new Set([token.header['kid'], oldToken.header['kid']]),
    );
  });

  it('is fetched with the first login by its tokens, which is granted', async () => {
    expect(await logIn(await newToken())).toBe('granted');
  });

  it('leaves the tokens of the old one valid here', async () => {
    expect(await logIn(oldToken)).toBe('granted');
  });

  it('ends the tokens of the old one, once that is taken out, within cache.refreshInterval', async () => {
    await database.startDaemon([
      entryFor(api, DEFAULT_ISSUER, { cache: { refreshInterval: '1s' } }),
    ]);
    expect(await logIn(oldToken)).toBe('granted');
    await api.restart({ keys: [keys.new] });
    const reason = await poll('a refusal of the old key', async () => {
      const outcome = await logIn(oldToken);
      return outcome === 'granted' ? undefined : outcome;
    });
    expect(reason).toMatch(/^denied ERR_KEY_UNKNOWN .*kid/);
    expect(reason).toContain(String(oldToken.header['kid']));
    expect(await logIn(await newToken())).toBe('granted');
  });
});

it.each([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
] as const)(
  'a signing key of curve %s beside an RSA key: tokens of both log in',
  async (curve, algorithm) => {
    const rsaToken = await newToken();
    await api.restart({ keys: [createAccountKey(curve), keys.new] });
    await database.startDaemon([entryFor(api, DEFAULT_ISSUER)]);
    const token = await newToken();
    expect(token.header).toMatchObject({ alg: algorithm });
    expect(await logIn(token)).toBe('granted');
    expect(await logIn(rsaToken)).toBe('granted');
    await api.restart({ keys: [keys.new] });
  },
);

describe('a second issuer', () => {
  let before: RequestedToken;
  beforeAll(async () => {
    before = await newToken();
    await api.restart({ issuers: [NEW_ISSUER, DEFAULT_ISSUER] });
  });

  it('in front is that of new tokens and of the discovery document, and tokens of the first one stay valid at the API server', async () => {
    const { claims, token } = await newToken();
    expect([before.claims['iss'], claims['iss']]).toEqual([DEFAULT_ISSUER, NEW_ISSUER]);
    expect([await isAccepted(api, before.token), await isAccepted(api, token)]).toEqual([
      true,
      true,
    ]);
    const discovery = await api.ask('/.well-known/openid-configuration', { as: 'nobody' });
    expect(discovery.json()).toMatchObject({ issuer: NEW_ISSUER });
  });

  it('that alone has an entry lets nobody in with the tokens that pods still have: ERR_ISSUER_UNKNOWN', async () => {
    await database.startDaemon([entryFor(api, NEW_ISSUER)]);
    expect(await logIn(await newToken())).toBe('granted');
    expect(await logIn(before)).toMatch(/^denied ERR_ISSUER_UNKNOWN /);
  });

  it('with an entry beside that of the first one: tokens of both log in', async () => {
    await database.startDaemon([
      entryFor(api, NEW_ISSUER),
      entryFor(api, DEFAULT_ISSUER, { name: 'homelab-before' }),
    ]);
    expect(await logIn(await newToken())).toBe('granted');
    expect(await logIn(before)).toBe('granted');
  });
});

it('an issuer that is no https:// URL: the API server publishes no keys, and keys.publicKeysFile has them', async () => {
  const issuer = 'kubernetes.default.svc';
  await api.restart({ issuers: [issuer] });
  const answer = await api.ask('/openid/v1/jwks', { as: 'nobody' });
  expect(answer.status).toBe(404);
  await database.host.writeBeside('sa.pub', keys.new.publicKey);
  await database.startDaemon([
    entryFor(api, issuer, {
      keys: { publicKeysFile: 'sa.pub' },
      issuer: { url: issuer, audiences: ['postgres'] },
    }),
  ]);
  const token = await newToken();
  expect(token.claims).toMatchObject({ iss: issuer });
  expect(await logIn(token)).toBe('granted');
});
