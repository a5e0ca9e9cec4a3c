// What doctor says of the servers that the daemon acts on.
import { describe, expect, it } from 'vitest';

import { checkActingRole } from '../../../src/doctor/sessions/check-acting-role.ts';
import type { ServerRights } from '../../../src/doctor/sessions/read-rights.ts';
import { policyOf } from '../../support/policy-of.ts';

const accounts = { findUser: async () => undefined };
const server = (name: string) => ({
  name,
  connection: { host: '/run/postgresql', port: 5432, database: 'postgres', user: 'pgtoken' },
});
const check = async (rights: ServerRights | string) =>
  checkActingRole({ servers: [server('main')], issuers: [] }, accounts, async () => rights);

describe('a server that the daemon acts on', () => {
  it('is in order where it may see and end sessions', async () => {
    expect(await check({ lacks: [], isSuperuser: false })).toEqual([
      {
        topic: 'server',
        level: 'ok',
        fault: undefined,
        subject: 'main',
        message: 'lets the daemon in as role pgtoken, which may end sessions',
        hint: undefined,
      },
    ]);
  });

  it('is told with the rights that are missing', async () => {
    expect(
      await check({ lacks: ['pg_signal_backend', 'pg_read_all_stats'], isSuperuser: false }),
    ).toMatchObject([
      {
        fault: 'server-unprivileged',
        message:
          'role pgtoken lacks the rights of pg_signal_backend and pg_read_all_stats, so that no session ends',
        hint: 'Run, as root:\n  pgtoken database sql | runuser -u postgres -- psql',
      },
    ]);
  });

  it('is told where it does not let the daemon in, in printable words', async () => {
    expect(await check('no pg_hba.conf entry\u001b[2J')).toMatchObject([
      {
        fault: 'server-closed',
        message:
          'the daemon is not let in as role pgtoken, so that no session ends: no pg_hba.conf entry?[2J',
      },
    ]);
  });

  it('is told where the daemon could do anything in it', async () => {
    expect(await check({ lacks: [], isSuperuser: true })).toMatchObject([
      { fault: 'server-superuser', level: 'warning' },
    ]);
  });

  it('is none where issuers.yaml names none, or cannot be used', async () => {
    const never = async () => Promise.reject(new Error('nobody asks'));
    expect(await checkActingRole({ servers: [], issuers: [] }, accounts, never)).toEqual([]);
    expect(await checkActingRole(undefined, accounts, never)).toEqual([]);
  });
});

describe('a server in which roles follow tokens', () => {
  const policy = policyOf(`apiVersion: pgtoken/v1
servers: [{name: main, connection: ""}]
issuers:
- name: a
  issuer: {url: "https://a.example.com", audiences: [postgres]}
  roles: [{claim: sub}]
  provision: {memberOf: [app, {claim: g, equals: x, role: [fixed]}, {claim: g}], onError: deny}
`);
  const checkWith = async (provision: ServerRights['provision']) => {
    const asked: unknown[] = [];
    const findings = await checkActingRole(policy, accounts, async (_, __, memberOf) => {
      asked.push(memberOf);
      return { lacks: [], isSuperuser: false, provision };
    });
    // What claims say is not known here.
    expect(asked).toEqual([['app', 'fixed']]);
    return findings.slice(1);
  };

  it('is in order where all that is named is allowed', async () => {
    expect(await checkWith({ notAllowed: [] })).toMatchObject([
      {
        level: 'ok',
        message: 'lets the daemon make roles and grant those that issuers.yaml names',
      },
    ]);
  });

  it('is told of where the schema is missing or older', async () => {
    expect(
      await checkWith({ problem: 'schema "pgtoken" does not exist', hint: undefined }),
    ).toMatchObject([
      {
        fault: 'server-schema',
        message: 'roles cannot be provisioned in it: schema "pgtoken" does not exist',
        hint: 'Run, as root:\n  runuser -u postgres -- pgtoken database apply --server main',
      },
    ]);
  });

  it('names what is not allowed', async () => {
    expect(await checkWith({ notAllowed: ["o'app"] })).toMatchObject([
      {
        fault: 'server-not-allowed',
        message:
          'role "o\'app" is in memberOf, and is not granted: it is not allowed in the database, or has rights that are never granted',
        hint: "See SELECT * FROM pgtoken.allowed(). A superuser allows it by:\n  SELECT pgtoken.allow('o''app')",
      },
    ]);
  });
});
