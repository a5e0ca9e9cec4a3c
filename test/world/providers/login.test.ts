// A live provider, PostgreSQL with module and daemon, and psql with the provider's tokens.
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import * as z from 'zod/mini';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { installExample } from '../machine/install-example.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import type { LiveProvider, Login } from './provider.ts';
import { PROVIDERS } from './providers.ts';

const peer = inject('peer');
const provider = PROVIDERS.find(({ name }) => name === peer.what)!;
const { name, logins, afterRotation = [], service } = provider;

const headerSchema = z.looseObject({ kid: z.string() });

const stack = new AsyncDisposableStack();
let live: LiveProvider;
let database: Database;

beforeAll(async () => {
  const folder = stack.use(await createTemporaryFolder('provider'));
  const authority = stack.use(await createCertificateAuthority());
  live = stack.use(
    await provider.start({ programs: peer.programs, folder: folder.path, authority }),
  );
  const roles = [...new Set([...logins, ...afterRotation].map(({ role }) => role))];
  database = stack.use(
    await startDatabase(roles, service === undefined ? {} : { services: { [service]: roles } }),
  );
  if ('issuers' in live.config) {
    await database.startDaemon(live.config.issuers);
    return;
  }
  const { example, replacements, files = {} } = live.config;
  await installExample(database.host, example, replacements, {
    'ca.pem': { text: authority.certificate },
    ...files,
  });
  await database.startDaemon();
}, 900_000);
afterAll(async () => {
  await stack.disposeAsync();
});

/** @returns true, or what came of it where that is not what was expected. */
const logIn = async ({ token, role, expected }: Login): Promise<string | true> => {
  const outcome = await database.logIn(role, await live.getToken(token));
  return typeof expected === 'string'
    ? outcome === expected || outcome
    : expected.test(outcome) || outcome;
};

it.each(named(logins))(`${name}: %s`, async (_, login) => {
  expect(await logIn(login)).toBe(true);
});

// Once, where anything is tried afterwards.
it.each(afterRotation.slice(0, 1))(
  `${name}: signs with a new key from now on, and the daemon runs on`,
  async ({ token }) => {
    const kidOf = async (): Promise<string> => {
      const [header = ''] = (await live.getToken(token)).split('.');
      return headerSchema.parse(JSON.parse(Buffer.from(header, 'base64url').toString())).kid;
    };
    const old = await kidOf();
    await live.rotate!();
    expect(await kidOf()).not.toBe(old);
  },
);

it.each(named(afterRotation))(`${name}: after that %s`, async (_, login) => {
  expect(await logIn(login)).toBe(true);
});

function named(all: readonly Login[]): [string, Login][] {
  return all.map((login) => [login.what, login]);
}
