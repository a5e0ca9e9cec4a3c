// What happens to a daemon while people log in: keys rotate, an issuer goes away and comes back, issuers.yaml is written anew,
// rightly and wrongly, and the daemon is restarted. One disturbance after the other of each sort, all sorts at the same time.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { IssuerFailure } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import type { Logins } from './create-logins.ts';
import type { Clients } from './run-clients.ts';
import type { SoakWorld } from './soak-world.ts';

/** How often each was done. */
export interface Disturbances {
  readonly counts: Readonly<
    Record<'rotations' | 'outages' | 'reloads' | 'invalid' | 'restarts', number>
  >;
  /** Ends all of them, and what they did. */
  readonly stop: () => Promise<void>;
}

/** On a busy machine everything takes its time. */
const PATIENCE = 60_000;

const FAILURES: readonly IssuerFailure[] = [
  'refuse',
  'hang',
  'status-500',
  'hang-before-tls',
  'invalid-json',
  'slow',
  'html',
  'endless',
];

/** @param restartsUntil the time, as of `performance.now()`, after which the daemon is left running. */
export function disturb(
  world: SoakWorld,
  logins: Logins,
  clients: Clients,
  restartsUntil: number,
): Disturbances {
  const counts = { rotations: 0, outages: 0, reloads: 0, invalid: 0, restarts: 0 };
  const ending = new AbortController();
  const pause = async (ms: number): Promise<void> => {
    await delay(ms, undefined, { signal: ending.signal }).catch(() => undefined);
  };
  const forEver = async (what: (turn: number) => Promise<void>): Promise<void> => {
    for (let turn = 0; !ending.signal.aborted; turn += 1) await what(turn);
  };

  /** As issuers do it: published, used once everybody has it, removed once nobody uses it any more. */
  const rotate = async (turn: number): Promise<void> => {
    const { issuer } = world.services;
    const old = issuer.keys[0]!.kid;
    const key = await issuer.addKey(turn % 2 === 0 ? 'RS256' : 'ES256');
    await untilKeys(world, (kids) => kids.includes(key.kid));
    logins.useKey(key.kid);
    const last = await issuer.mint(
      { ...world.services.claims, jti: `removed-${turn}` },
      { key: old },
    );
    await clients.settled();
    issuer.removeKey(old);
    await untilKeys(world, (kids) => !kids.includes(old));
    logins.addRemoved(last);
    counts.rotations += 1;
    await pause(1000);
  };

  const goAway = async (turn: number): Promise<void> => {
    const { issuer } = world.builds;
    await issuer.fail(FAILURES[turn % FAILURES.length]!);
    await pause(2000);
    await issuer.recover();
    counts.outages += 1;
    await pause(1000);
  };

  /** What an administrator does, one after the other: a daemon does not start with an invalid file. */
  const administer = async (turn: number): Promise<void> => {
    await world.host.installation.writeConfig(writeIssuersYAML(world.entries(turn % 2 === 0)));
    signalDaemon(world, 'SIGHUP');
    counts.reloads += 1;
    await pause(1500);
    await world.host.installation.writeConfig('apiVersion: pgtoken/v1\nissuers: nobody\n');
    signalDaemon(world, 'SIGHUP');
    counts.invalid += 1;
    await pause(1500);
    await world.host.installation.writeConfig(writeIssuersYAML(world.entries()));
    signalDaemon(world, 'SIGHUP');
    counts.reloads += 1;
    await pause(500);
    // At least once, however busy the machine is.
    if (turn === 0 || (performance.now() < restartsUntil && !ending.signal.aborted)) {
      const before = world.daemon.output().length;
      signalDaemon(world, 'SIGTERM');
      await poll(
        'the next daemon',
        () => world.daemon.output().includes('"msg":"ready"', before) || undefined,
        PATIENCE,
      );
      counts.restarts += 1;
    }
    await pause(1500);
  };

  const all = Promise.all([forEver(rotate), forEver(goAway), forEver(administer)]);
  // Told by stop(); nobody waits for it before.
  all.catch(() => undefined);
  return {
    counts,
    stop: async () => {
      ending.abort();
      await all;
      await world.builds.issuer.recover();
    },
  };
}

/** The daemon that runs now, behind the socket. */
export function pidOfDaemon({ daemon }: SoakWorld): number {
  const [, pid] = [...daemon.output().matchAll(/"msg":"activated","pid":(\d+)/g)].at(-1) ?? [];
  return Number(pid);
}

function signalDaemon(world: SoakWorld, signal: NodeJS.Signals): void {
  process.kill(pidOfDaemon(world), signal);
}

/** Waits until the daemon has keys of the services as wanted: it writes to its cache what it has retrieved. */
async function untilKeys(
  { host, services }: SoakWorld,
  isRight: (kids: readonly string[]) => boolean,
): Promise<void> {
  const file = join(host.cacheFolder, `${services.name}.json`);
  await poll(
    'the keys of the services in the cache',
    async () => {
      const text = await readFile(file, 'utf8');
      const kids = [...text.matchAll(/"kid":"([^"]+)"/g)].map(([, kid = '']) => kid);
      return isRight(kids) || undefined;
    },
    PATIENCE,
  );
}
