// What doctor says of the servers that the daemon acts on.
import { describe, expect, it } from 'vitest';

import { checkActingRole } from '../../../src/doctor/sessions/check-acting-role.ts';
import type { ServerRights } from '../../../src/doctor/sessions/read-rights.ts';

const accounts = { findUser: async () => undefined };
const server = (name: string) => ({
  name,
  connection: { host: '/run/postgresql', port: 5432, database: 'postgres', user: 'pgtoken' },
});
const check = async (rights: ServerRights | string) =>
  checkActingRole({ servers: [server('main')] }, accounts, async () => rights);

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
    expect(await checkActingRole({ servers: [] }, accounts, never)).toEqual([]);
    expect(await checkActingRole(undefined, accounts, never)).toEqual([]);
  });
});
