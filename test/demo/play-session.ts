// Opens a session by a token that soon expires, shows it in `pgtoken sessions`, and waits for its end.
import { join } from 'node:path';

import { poll } from '../support/poll.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import type { DemoWorld } from './demo-world.ts';
import { mintServiceFor } from './scenarios.ts';
import { screen } from './screen.ts';

const ROLE = 'foo:myservice';
/** How long the token is valid, in seconds. */
const LIFE = 6;

/** Returns whether the session ended when its token did. */
export async function playSession(world: DemoWorld, number: number): Promise<boolean> {
  const { cluster, runtimeFolder } = world.host;
  screen.title(`${number}. A session ends when the token that opened it does`);
  screen.text(
    `token: service account foo/myservice, for audience postgres, valid for ${LIFE} seconds`,
  );
  screen.command(
    `PGPASSWORD=$TOKEN psql -h 127.0.0.1 -p ${cluster.port} -U ${ROLE} postgres -c 'select pg_sleep(60)'`,
  );
  const ends = world.daemon.lines().length;
  const password = await mintServiceFor(world, LIFE);
  const session = cluster.psql({ role: ROLE, password, sql: 'select pg_sleep(60)' });

  const shown = await poll('the session in pgtoken sessions', async () => {
    const { stdout } = await runPgtoken([
      'sessions',
      '--control',
      join(runtimeFolder, 'control.sock'),
    ]);
    // Until the daemon has found it, it has no end.
    return stdout.includes('expired') ? stdout : undefined;
  });
  screen.text('Meanwhile:');
  screen.command('pgtoken sessions');
  screen.verbatim(shown);

  const { status, stderr } = await session;
  screen.text('Then psql says:');
  screen.output(stderr);
  const line = await poll('the line of its end', () =>
    world.daemon
      .lines()
      .slice(ends)
      .find(({ msg }) => msg === 'session ended'),
  );
  screen.text("The daemon's log:");
  screen.output(JSON.stringify(line));
  const asExpected =
    status !== 0 &&
    stderr.includes('terminating connection due to administrator command') &&
    line['cause'] === 'expired' &&
    line['role'] === ROLE;
  if (asExpected) screen.good('ended with its token, as it should be');
  else screen.bad('EXPECTED an end with its token');
  screen.blank();
  return asExpected;
}
