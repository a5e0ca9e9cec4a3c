// The poolers of Debian's releases, and how each is set up: as the pages in docs/connect say, but for TLS.
import type { Setup } from './setup.ts';
import { haproxy } from './setups/haproxy.ts';
import { odyssey } from './setups/odyssey.ts';
import { pgagroal } from './setups/pgagroal.ts';
import { pgBouncer } from './setups/pgbouncer.ts';
import { pgpool } from './setups/pgpool.ts';

export interface Pooler {
  readonly name: string;
  /** The release of Debian. */
  readonly suite: string;
  readonly package: string;
  /** Its path there. */
  readonly program: string;
  readonly setups: readonly Setup[];
}

const PGBOUNCER = { name: 'PgBouncer', package: 'pgbouncer', program: 'usr/sbin/pgbouncer' };
const PGPOOL = { name: 'Pgpool-II', package: 'pgpool2', program: 'usr/sbin/pgpool' };

export const POOLERS: readonly Pooler[] = [
  { ...PGBOUNCER, suite: 'bookworm', setups: [pgBouncer(2047)] },
  { ...PGBOUNCER, suite: 'trixie', setups: [pgBouncer(2047)] },
  { ...PGBOUNCER, suite: 'forky', setups: [pgBouncer(65_530)] },
  { ...PGPOOL, suite: 'bookworm', setups: pgpool('socket_dir') },
  { ...PGPOOL, suite: 'forky', setups: pgpool('unix_socket_directories') },
  {
    name: 'Odyssey',
    suite: 'forky',
    package: 'odyssey',
    program: 'usr/bin/odyssey',
    setups: [odyssey],
  },
  {
    name: 'pgagroal',
    suite: 'forky',
    package: 'pgagroal',
    program: 'usr/bin/pgagroal',
    setups: [pgagroal],
  },
  {
    name: 'HAProxy',
    suite: 'forky',
    package: 'haproxy',
    program: 'usr/sbin/haproxy',
    setups: [haproxy],
  },
];
