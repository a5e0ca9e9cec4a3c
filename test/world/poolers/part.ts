// Poolers of three releases of Debian between psql and PostgreSQL.
import { unpackReleaseProgram } from '../machine/unpack-release-program.ts';
import type { Part, Peer } from '../part.ts';
import { POOLERS } from './poolers.ts';

export const poolers: Part = {
  name: 'poolers',
  title: 'Poolers',
  about: `Each PgBouncer is that of a release of Debian, with the libraries of that release, between psql and a PostgreSQL with the module and
the daemon. It asks pgtoken by PAM (\`auth_type = pam\`) and hands the token on to PostgreSQL, which asks again. Set up as
[pgbouncer.md](../connect/pgbouncer.md) says, but for TLS, as all of it is on one machine.`,
  notRun: {
    'Pgpool-II and Odyssey':
      'not yet; [poolers.md](../connect/poolers.md) says what was tried by hand, in which versions',
    pgagroal: 'not tried',
  },
  prepare: async (cache, progress) => {
    const peers: Peer[] = [];
    for (const pooler of POOLERS) {
      const { folder, version } = await unpackReleaseProgram(
        pooler.suite,
        pooler.package,
        pooler.program,
        cache,
        progress,
      );
      peers.push({
        what: pooler.name,
        version,
        origin: `Debian ${pooler.suite}, package \`${pooler.package}\``,
        programs: { folder },
      });
    }
    return peers;
  },
};
