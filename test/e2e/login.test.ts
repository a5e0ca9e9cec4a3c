// Logins from end to end: psql and the pg driver, PostgreSQL, libpam, pam_pgtoken.so in mode=exec, pgtoken pam, an issuer.
import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { findProcesses } from '../support/find-processes.ts';
import { findTraces } from '../support/find-traces.ts';
import { createIssuer, type Issuer, type MintOptions } from '../support/issuer.ts';
import { startPgtokenHost, type PgtokenHost } from '../support/start-pgtoken-host.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { expectNothingLeft } from './expect-nothing-left.ts';
import { expectRefusal } from './expect-refusal.ts';

const PERSON = { sub: 'alice', aud: 'postgres-people', groups: ['staff', 'dba'] };

const stack = new AsyncDisposableStack();
const tokens: string[] = [];
let cluster: Issuer;
let people: Issuer;
let stranger: Issuer;
let host: PgtokenHost;

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  cluster = stack.use(await createIssuer(authority));
  people = stack.use(
    await createIssuer(authority, { path: '/realms/people', algorithms: ['ES256'] }),
  );
  stranger = stack.use(await createIssuer(authority));
  host = stack.use(
    await startPgtokenHost({
      issuersYAML: writeIssuersYAML([
        {
          name: 'cluster',
          issuer: {
            url: cluster.url,
            certificateAuthority: cluster.certificateAuthority,
            audiences: ['postgres'],
          },
          roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
        },
        {
          name: 'people',
          issuer: {
            url: people.url,
            certificateAuthority: people.certificateAuthority,
            audiences: ['postgres-people'],
          },
          roles: [{ claim: 'groups', equals: 'dba', role: ['dba_ro', 'dba_rw'] }],
        },
      ]),
      roles: ['foo:myservice', 'Foo:myservice', 'foo:other', 'dba_ro'],
    }),
  );
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** A token of the cluster's, remembered so that its traces can be looked for. */
async function mint(
  claims?: Readonly<Record<string, unknown>>,
  options?: MintOptions,
): Promise<string> {
  const token = await cluster.mint(claims, options);
  tokens.push(token);
  return token;
}

const now = (): number => Math.floor(Date.now() / 1000);

describe.each(['tcp', 'socket'] as const)('over %s', (over) => {
  it('a service account logs in with psql as the role of its name', async () => {
    const answer = await host.cluster.psql({ role: 'foo:myservice', password: await mint(), over });
    expect(answer).toMatchObject({ status: 0, stdout: 'foo:myservice\n', stderr: '' });
  });

  it('a service account logs in with the pg driver as the role of its name', async () => {
    const role = 'foo:myservice';
    const client = await host.cluster.connect({ role, password: await mint(), over });
    try {
      const { rows } = await client.query('select current_user');
      expect(rows).toEqual([{ current_user: 'foo:myservice' }]);
    } finally {
      await client.end();
    }
  });

  it('a person of the group dba logs in as dba_ro through the second issuer', async () => {
    const password = await people.mint(PERSON);
    tokens.push(password);
    const answer = await host.cluster.psql({ role: 'dba_ro', password, over });
    expect(answer).toMatchObject({ status: 0, stdout: 'dba_ro\n', stderr: '' });
  });

  it('a refusal names its reason in the log of PostgreSQL', async () => {
    const login = { role: 'foo:other', password: await mint(), over };
    expect(await expectRefusal(host.cluster, login)).toMatch(/^denied ERR_ROLE_NOT_PERMITTED /);
  });
});

describe('refuses', () => {
  const refusals: readonly {
    what: string;
    role?: string;
    password: () => Promise<string> | string;
    reason: RegExp;
  }[] = [
    {
      what: 'the role of another subject',
      role: 'foo:other',
      password: async () => mint(),
      reason: /^denied ERR_ROLE_NOT_PERMITTED role "foo:other" .* only be "foo:myservice"/,
    },
    {
      what: 'a role that differs in case only',
      role: 'Foo:myservice',
      password: async () => mint(),
      reason: /^denied ERR_ROLE_NOT_PERMITTED role "Foo:myservice" .*differ in case/,
    },
    {
      what: 'a protected role',
      role: 'postgres',
      password: async () => mint({ sub: 'system:serviceaccount:postgres' }),
      reason: /^denied ERR_ROLE_PROTECTED role "postgres" is protected/,
    },
    {
      what: 'a person without the group',
      role: 'dba_ro',
      password: async () => people.mint({ ...PERSON, groups: ['staff'] }),
      reason: /^denied ERR_ROLE_NOT_PERMITTED role "dba_ro" .* permit none/,
    },
    {
      what: 'an expired token',
      password: async () => mint({}, { now: now() - 4200 }),
      reason: /^denied ERR_TOKEN_EXPIRED the token expired .* ago/,
    },
    {
      what: 'a token that is not yet valid',
      password: async () => mint({ nbf: now() + 300 }),
      reason: /^denied ERR_TOKEN_NOT_YET_VALID the token is not valid for another /,
    },
    {
      what: 'a token without expiry',
      password: async () => mint({ exp: undefined }),
      reason: /^denied ERR_CLAIM_MISSING the token has no exp;/,
    },
    {
      what: 'a token made for another audience',
      password: async () => mint({ aud: ['vault'] }),
      reason: /^denied ERR_AUDIENCE_MISMATCH aud is "vault"; expected "postgres"/,
    },
    {
      what: 'a token of an unknown issuer',
      password: async () => stranger.mint(),
      reason: /^denied ERR_ISSUER_UNKNOWN issuer "https:.*" is not configured/,
    },
    {
      what: 'a token of an unknown issuer that claims to be the known one',
      password: async () => stranger.mint({ iss: cluster.url }),
      reason: /^denied ERR_SIGNATURE_INVALID the signature does not verify/,
    },
    {
      what: 'an ordinary password',
      password: () => 'correct horse battery staple',
      reason: /^denied ERR_NOT_A_TOKEN the password is not a JWT/,
    },
    {
      what: 'a truncated token',
      password: async () => (await mint({}, { bytes: 1200 })).slice(0, 995),
      reason: /^denied ERR_TOKEN_TRUNCATED the token was cut to 995 bytes/,
    },
    {
      what: 'a token with another signature',
      password: async () => {
        const [own, other] = [await mint(), await mint({ jti: 'other' })];
        return own.slice(0, own.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'));
      },
      reason: /^denied ERR_SIGNATURE_INVALID the signature does not verify/,
    },
    {
      what: 'a token over 16 KiB',
      password: async () => mint({}, { bytes: 20_000 }),
      reason: /^denied ERR_TOKEN_TOO_LARGE the password has 20000 bytes; expected .* 16384/,
    },
  ];

  it.each(refusals)('$what', async ({ role = 'foo:myservice', password, reason }) => {
    const refused = await expectRefusal(host.cluster, { role, password: await password() });
    expect(refused).toMatch(reason);
  });

  // PostgreSQL itself does, before it asks anybody.
  it('an empty password', async () => {
    const client = host.cluster.connect({ role: 'foo:myservice', password: '' });
    await expect(client).rejects.toThrow('empty password returned by client');
  });
});

describe('the module', () => {
  it.each([4000, 16_000])('hands over a token of %i bytes whole', async (bytes) => {
    const password = await mint({}, { bytes });
    expect(password.length).toBeGreaterThanOrEqual(bytes);
    const answer = await host.cluster.psql({ role: 'foo:myservice', password });
    expect(answer).toMatchObject({ status: 0, stdout: 'foo:myservice\n' });
  });

  it('leaves no process, zombie or thread in the backend', async () => {
    const client = await host.cluster.connect({ role: 'foo:myservice', password: await mint() });
    try {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const backend = rows[0]!.pid;
      expect(await findProcesses((process) => process.parent === backend)).toEqual([]);
      expect(await readFile(`/proc/${backend}/status`, 'utf8')).toMatch(/^Threads:\t1$/m);
    } finally {
      await client.end();
    }
    await expectNothingLeft(host);
  });

  it('lets many log in at once', async () => {
    const password = await mint();
    const logins = Array.from({ length: 8 }, async () =>
      host.cluster.psql({ role: 'foo:myservice', password }),
    );
    for (const answer of await Promise.all(logins)) expect(answer).toMatchObject({ status: 0 });
  });
});

it('no part of any token gets into the log of PostgreSQL', async () => {
  const logged = await host.cluster.log.since();

  expect(tokens.length).toBeGreaterThan(10);
  expect(logged.length).toBeGreaterThan(1000);
  expect(findTraces(logged, tokens)).toEqual([]);
});
