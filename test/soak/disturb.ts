// What happens to a daemon while people log in: keys rotate, an issuer goes away and comes back, the disk is slow, issuers.yaml is
// written anew, rightly, wrongly and in halves, nobody reads the log, and the daemon is restarted. One disturbance after the
// other of each sort, all sorts at the same time.
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
    Record<
      | 'rotations'
      | 'outages'
      | 'slowDisks'
      | 'reloads'
      | 'invalid'
      | 'halves'
      | 'unread'
      | 'restarts',
      number
    >
  >;
  /** When the daemon was away, from the signal to the next one that is ready, as of `performance.now()`. */
  readonly restarts: readonly (readonly [from: number, to: number])[];
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

/** How long some of it lasts, in milliseconds, and when it ends, as of `performance.now()`. */
export interface Timetable {
  /** Nobody reads the log; the first such time. BatchQueue ones are short, for the buffer to hold what is not read. */
  readonly unread: number;
  readonly slowDisk: number;
  /** A file that is written in place lacks its end. */
  readonly half: number;
  /** After this time the daemon is left running. */
  readonly restartsUntil: number;
}

export function disturb(
  world: SoakWorld,
  logins: Logins,
  clients: Clients,
  timetable: Timetable,
): Disturbances {
  const counts = {
    rotations: 0,
    outages: 0,
    slowDisks: 0,
    reloads: 0,
    invalid: 0,
    halves: 0,
    unread: 0,
    restarts: 0,
  };
  const restarts: [from: number, to: number][] = [];
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

  const slowDown = async (): Promise<void> => {
    const speedUp = await world.slowCalls.slowDisk();
    await pause(timetable.slowDisk);
    await speedUp();
    counts.slowDisks += 1;
    await pause(4000);
  };

  /** What an administrator does, one after the other: a daemon that is started with an invalid file grants nobody. */
  const administer = async (turn: number): Promise<void> => {
    await world.host.installation.writeConfig(writeIssuersYAML(world.entries(turn % 2 === 0)));
    signalDaemon(world, 'SIGHUP');
    counts.reloads += 1;
    await pause(1500);
    await world.host.installation.writeConfig('apiVersion: pgtoken/v1\nissuers: nobody\n');
    signalDaemon(world, 'SIGHUP');
    counts.invalid += 1;
    await pause(1500);
    // As configuration management does it, and without a signal: what is read next is read because it was seen.
    const whole = writeIssuersYAML(world.entries());
    await untilLogged(world, 'configuration in force', async () =>
      world.host.installation.writeConfig(whole),
    );
    counts.reloads += 1;
    await pause(500);
    // As a slow writer does, in place; what it lacks is whom the services deny.
    await world.host.installation.overwriteConfig(whole.slice(0, whole.indexOf('    deny:')));
    await pause(timetable.half);
    await world.host.installation.overwriteConfig(whole);
    counts.halves += 1;
    await pause(1500);
    const readAgain = world.daemon.stopReading();
    await pause(turn === 0 ? timetable.unread : 1000);
    readAgain();
    counts.unread += 1;
    await pause(500);
    // At least once, however busy the machine is.
    if (turn === 0 || (performance.now() < timetable.restartsUntil && !ending.signal.aborted)) {
      const from = performance.now();
      await untilLogged(world, 'ready', async () => {
        signalDaemon(world, 'SIGTERM');
      });
      restarts.push([from, performance.now()]);
      counts.restarts += 1;
    }
    await pause(1500);
  };

  const all = Promise.all([
    forEver(rotate),
    forEver(goAway),
    forEver(slowDown),
    forEver(administer),
  ]);
  // Told by stop(); nobody waits for it before.
  all.catch(() => undefined);
  return {
    counts,
    restarts,
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

/** Does something, and waits until the daemon says what comes of it. */
async function untilLogged(
  { daemon }: SoakWorld,
  msg: string,
  what: () => Promise<void>,
): Promise<void> {
  const before = daemon.output().length;
  await what();
  await poll(
    `"${msg}" in the log`,
    () => daemon.output().includes(`"msg":"${msg}"`, before) || undefined,
    PATIENCE,
  );
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
