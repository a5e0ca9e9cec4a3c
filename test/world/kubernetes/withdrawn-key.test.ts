// A signing key that is withdrawn while keys.bearerTokenFile holds a token of that key: the API server answers 401, and the keys
// from before would go on counting. What then happens is written in docs/issuers/kubernetes.md, "Withdraw a signing key".
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { poll } from '../../support/poll.ts';
import { createAccountKey } from './create-account-key.ts';
import { createAccounts } from './create-object.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import { entryFor, jwksURIOf } from './entry-for.ts';
import { requestToken } from './request-token.ts';
import { type ApiServer, startApiServer } from './start-api-server.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const ROLE = 'shop:cart';
const BEARER_FILE = 'closed.token';

const peer = inject('peer');
const stack = new AsyncDisposableStack();
const keys = { leaked: createAccountKey('RSA'), next: createAccountKey('RSA') };
let api: ApiServer;
let database: Database;

const tokenOf = async (account: string, audiences: readonly string[]): Promise<string> =>
  (await requestToken(api, { namespace: 'shop', serviceAccount: account, audiences })).token;
const cartToken = async (): Promise<string> => tokenOf('cart', ['postgres']);
const replaceBearer = async (): Promise<void> =>
  database.host.writeBeside(BEARER_FILE, await tokenOf('pgtoken', []), true);

/** A daemon that refreshes every second. */
async function startDaemon(cache: Readonly<Record<string, unknown>>): Promise<void> {
  await replaceBearer();
  await database.startDaemon([
    entryFor(api, ISSUER, {
      keys: { jwksURI: jwksURIOf(api), bearerTokenFile: BEARER_FILE },
      cache: { refreshInterval: '1s', ...cache },
    }),
  ]);
}

/** Logs in until it is refused. @returns the reason. */
const untilRefused = async (token: string): Promise<string> =>
  poll('a refused login', async () => {
    const outcome = await database.logIn(ROLE, token);
    return outcome === 'granted' ? undefined : outcome;
  });

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  api = stack.use(
    await startApiServer({
      peer,
      authority,
      issuers: [ISSUER],
      keys: [keys.leaked],
      flags: ['--anonymous-auth=false'],
    }),
  );
  await createAccounts(api, 'shop', ['cart', 'pgtoken']);
  database = stack.use(await startDatabase([ROLE]));
});
afterAll(async () => {
  await stack.disposeAsync();
});

describe('without a limit of its own', () => {
  let stolen: string;
  beforeAll(async () => {
    await startDaemon({});
    stolen = await cartToken();
    await database.logIn(ROLE, stolen);
    await api.restart({ keys: [keys.next] });
  });

  it('a withdrawn key counts up to cache.maxStale, and the log says that the issuer refuses access', async () => {
    const line = await database.daemon().waitForLine('the issuer refuses access to its keys');
    expect(line).toMatchObject({
      issuer: 'homelab',
      reason: expect.stringContaining('401') as unknown,
    });
    expect(await database.logIn(ROLE, stolen)).toBe('granted');
  });

  it('a bearer token of the new key ends that with the next refresh', async () => {
    await replaceBearer();
    expect(await untilRefused(stolen)).toMatch(/^denied ERR_KEY_UNKNOWN /);
    expect(await database.logIn(ROLE, await cartToken())).toBe('granted');
  });
});

it('with cache.maxStaleUnauthorized a withdrawn key is refused within that time', async () => {
  await api.restart({ keys: [keys.leaked] });
  await startDaemon({ maxStaleUnauthorized: '3s' });
  const stolen = await cartToken();
  expect(await database.logIn(ROLE, stolen)).toBe('granted');
  await api.restart({ keys: [keys.next] });
  expect(await untilRefused(stolen)).toMatch(/^unavailable ERR_KEYS_UNAVAILABLE .*401/);
  // Nobody else gets in either, until the file has a token of the new key.
  expect(await database.logIn(ROLE, await cartToken())).toMatch(
    /^unavailable ERR_KEYS_UNAVAILABLE .*401/,
  );
  await replaceBearer();
  const token = await cartToken();
  await poll('a login with the new keys', async () =>
    (await database.logIn(ROLE, token)) === 'granted' ? true : undefined,
  );
  expect(await database.logIn(ROLE, stolen)).toMatch(/^denied ERR_KEY_UNKNOWN /);
});

it('deny.keyIDs refuses a leaked key at once, while the API server still publishes it', async () => {
  await api.restart({ keys: [keys.leaked] });
  await startDaemon({});
  const { token, header } = await requestToken(api, {
    namespace: 'shop',
    serviceAccount: 'cart',
  });
  expect(await database.logIn(ROLE, token)).toBe('granted');
  await database.startDaemon([
    entryFor(api, ISSUER, {
      keys: { jwksURI: jwksURIOf(api), bearerTokenFile: BEARER_FILE },
      deny: { keyIDs: [header['kid']] },
    }),
  ]);
  expect(await database.logIn(ROLE, token)).toMatch(/^denied ERR_DENY_LISTED /);
});

it('in the order of docs/issuers/kubernetes.md nobody with a token of the new key is refused on the way', async () => {
  await api.restart({ keys: [keys.leaked] });
  // Longer than an API server that starts answers 403, as it does not know yet who may do what.
  await startDaemon({ maxStaleUnauthorized: '2m' });
  const outcomes: string[] = [];
  // The new key signs, the old one is still published.
  await api.restart({ keys: [keys.next, keys.leaked] });
  await replaceBearer();
  const token = await cartToken();
  outcomes.push(await database.logIn(ROLE, token));
  // The old one is taken out.
  const over = new AbortController();
  const restarted = api.restart({ keys: [keys.next] }).finally(() => {
    over.abort();
  });
  while (!over.signal.aborted) outcomes.push(await database.logIn(ROLE, token));
  await restarted;
  outcomes.push(await database.logIn(ROLE, token));
  expect(new Set(outcomes)).toEqual(new Set(['granted']));
});
