// One soak run: world, clients, disturbances, and what came of it.
import { setTimeout as delay } from 'node:timers/promises';

import { poll } from '../support/poll.ts';
import { createLogins } from './create-logins.ts';
import { type Disturbances, disturb, pidOfDaemon } from './disturb.ts';
import { judgeSoak, type SoakOutcome } from './judge-soak.ts';
import { runClients } from './run-clients.ts';
import { createSoakWorld } from './soak-world.ts';
import { type Sample, takeSample, watchProcess } from './watch-process.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly clients: number;
  readonly seed: number;
  /** Milliseconds that no good login may take, but for those that a restart was under way for; default: any. */
  readonly limit?: number | undefined;
}

export interface SoakResult extends SoakOutcome {
  readonly disturbances: Disturbances['counts'];
  /** What is wrong; nothing when all is right. */
  readonly violations: readonly string[];
  /** How long clients logged in. */
  readonly seconds: number;
}

/** For this part of the time the daemon is restarted; then one is left running, to be looked at. */
const RESTARTS = 0.5;
const LOOKS = 12;

export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { seconds, clients: count, seed, limit } = options;
  await using world = await createSoakWorld();
  const logins = createLogins(world);
  // As it is when it has retrieved its keys and nobody has come yet; every daemon is, before clients come to it.
  const before = await settle(pidOfDaemon(world));
  const start = performance.now();
  const watch = watchProcess(() => pidOfDaemon(world));
  const clients = runClients(world.host.cluster, logins, { count, seed });
  const disturbances = disturb(world, logins, clients, {
    unread: Math.min(30_000, seconds * 100),
    slowDisk: Math.min(6000, seconds * 100),
    half: Math.min(3000, seconds * 100),
    restartsUntil: start + seconds * RESTARTS * 1000,
  });
  await delay(seconds * 1000);
  await disturbances.stop();
  // The last daemon has to be looked at for a while, however late it came.
  await poll('looks at the last daemon', () => {
    const pid = pidOfDaemon(world);
    return watch.samples.filter((sample) => sample.pid === pid).length >= LOOKS || undefined;
  });
  await clients.stop();
  const lasted = (performance.now() - start) / 1000;
  watch.stop();
  const after = await settle(pidOfDaemon(world));
  const status = await world.daemon.stop();
  const outcome: SoakOutcome = {
    attempts: clients.attempts,
    lines: world.daemon.lines(),
    samples: watch.samples,
    idle: { before, after },
    clients: count,
    restarts: disturbances.restarts,
    limit,
  };
  return {
    ...outcome,
    disturbances: disturbances.counts,
    violations: [
      ...judgeSoak(outcome),
      ...(status === 0 ? [] : [`the daemon ended with ${status}`]),
    ],
    seconds: lasted,
  };
}

/** A daemon that has no connection to an issuer open at the moment: its descriptors are the same three times in a row. */
async function settle(pid: number): Promise<Sample> {
  let last: Sample[] = [];
  return poll('a daemon at rest', async () => {
    last = [...last.slice(-2), await takeSample(pid)];
    await delay(150);
    const [first, ...more] = last;
    return more.length === 2 && more.every((one) => one.descriptors === first?.descriptors)
      ? last.at(-1)
      : undefined;
  });
}
