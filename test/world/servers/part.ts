// PostgreSQL in the versions that Debian carries.
import type { Part, Peer } from '../part.ts';
import { SERVERS } from './servers.ts';

export const servers: Part = {
  name: 'servers',
  title: 'Servers',
  about: `Each PostgreSQL is that of a release of Debian, in a root folder of that release. Logins come by PAM, and where PostgreSQL has
OAUTHBEARER by the validator as well, on one server with one issuers.yaml; the issuers are stand-ins. Sessions and provisioning are the
tests of [test/e2e](../../test/e2e), with that server.`,
  notRun: {
    'PostgreSQL 14': 'is in no release of Debian that this suite installs from',
    'PostgreSQL 16': 'is in no release of Debian that this suite installs from',
  },
  prepare: async (_cache, progress) => {
    const peers: Peer[] = [];
    for (const { postgresql, suite, install } of SERVERS) {
      const version = await progress.step(`PostgreSQL ${postgresql}: install`, async () => {
        await using root = await install();
        return await root.sh(`/usr/lib/postgresql/${postgresql}/bin/postgres --version`);
      });
      const [, short = '', full] = /PostgreSQL\) (\S+)(?: \(Debian ([^)]+)\))?/.exec(version) ?? [];
      const detail = full === undefined ? '' : ` ${full}`;
      peers.push({
        what: 'PostgreSQL',
        version: short,
        origin: `Debian ${suite}, package \`postgresql-${postgresql}\`${detail}`,
        programs: {},
      });
    }
    return peers;
  },
};
