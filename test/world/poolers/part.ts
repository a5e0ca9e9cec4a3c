// Poolers of three releases of Debian between psql and PostgreSQL.
import { unpackReleaseProgram } from '../machine/unpack-release-program.ts';
import type { Part, Peer } from '../part.ts';
import { POOLERS } from './poolers.ts';

export const poolers: Part = {
  name: 'poolers',
  title: 'Poolers',
  about: `Each is that of a release of Debian, with the libraries of that release, between psql and a PostgreSQL with the module and
the daemon; set up as [pgbouncer.md](../connect/pgbouncer.md) and [poolers.md](../connect/poolers.md) say, but for TLS, as all of it is on one
machine. Some ask pgtoken by PAM themselves, some leave that to PostgreSQL. HAProxy is no pooler: it hands on what it gets. A test
whose name says that one token is refused and another logs in unasked shows what those pages warn of.`,
  notRun: {
    'PgCat, PgDog, pg_doorman, SPQR, Multigres, Supavisor':
      'in none of the registries that this suite installs from',
    'pgagroal 1.6.0, of Debian trixie':
      'ends when a port has five digits, its own among them (`buffer overflow detected`); that of 2.1.0 may have, that of PostgreSQL not',
    'Pgpool-II 4.6.1, of Debian trixie': 'between the two versions that are run',
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
