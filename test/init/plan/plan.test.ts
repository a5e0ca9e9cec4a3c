// A plan as a whole, for a host that is not there.
import { expect, it } from 'vitest';

import { findKind } from '../../../src/init/kinds.ts';
import { makePlan } from '../../../src/init/plan/plan.ts';
import { fakeFiles, fakeHost, POSTGRES } from '../../doctor/fake-host.ts';

it('has roles made in the server that is there, above whose lines those of both sides go', async () => {
  const kind = findKind('okta');
  if (kind === undefined) throw new Error('there is no kind okta');
  const own = { uid: POSTGRES.uid };
  const plan = await makePlan(
    {
      kind,
      answers: new Map([
        ['url', ['https://corp.okta.com']],
        ['audience', ['client-1']],
      ]),
      texts: new Map(),
      certificateAuthority: undefined,
      name: undefined,
      places: { config: '/none/issuers.yaml', pamDir: '/none/pam.d', service: 's' },
      database: 'all',
      address: 'all',
      hba: undefined,
      provision: true,
      offline: true,
      token: undefined,
    },
    fakeHost({
      files: fakeFiles({
        '/data': { kind: 'folder', ...own },
        '/data/pg_hba.conf': { text: 'local all all peer\nhost all all all md5\n', ...own },
        '/data/postmaster.pid': { text: '7\n/data\n1\n5433\n/run/pg\n', ...own },
      }),
      accounts: { ...fakeHost().accounts, findUser: async () => POSTGRES },
      findServers: () => [{ pid: 7, uid: POSTGRES.uid, gids: [1], folders: ['/data'] }],
    }),
  );
  expect(plan).toMatchObject({
    daemonPlaces: [{ file: '/data/pg_hba.conf', above: 1 }],
    hbaPlaces: [{ file: '/data/pg_hba.conf', above: 3, server: { port: 5433 } }],
  });
  expect('files' in plan ? plan.files[0]?.text : '').toContain(
    'servers:\n- name: main\n  connection: host=/run/pg port=5433\n',
  );
});
