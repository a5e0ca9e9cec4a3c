// npm run soak:sessions: clients hold sessions open by tokens of 20 to 90 seconds, without a pause, while a daemon watches them and
// is started again now and then. Exit status 0 when each session ended within 2 seconds of its token's end and not before, when no
// session by a long token ended, and when the daemon has a line for each end and for no other.
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { holdSession } from '../support/hold-session.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { startSessionHost } from '../support/start-session-host.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    clients: { type: 'string', default: '64' },
  },
});
const [seconds, clients] = [Number(values.seconds), Number(values.clients)];
if (!(seconds >= 100 && seconds <= 3600 && clients >= 1 && clients <= 200)) {
  throw new Error('expected --seconds from 100 to 3600, and 1 to 200 --clients');
}

/** Milliseconds that a session may last longer than its token. */
const PATIENCE = 2000;
/** Sessions by tokens that outlast the run. */
const LONG_SESSIONS = 8;
/** Seconds between two starts of the daemon. */
const RESTART = 60;
const [SHORTEST, LONGEST] = [20, 90];
const roles = Array.from({ length: 8 }, (_, at) => `soak:${at}`);

await using world = await startSessionHost(roles);
const start = async (): Promise<DaemonProcess> =>
  world.host.startDaemon({
    issuers: [world.entry({ end: ['expired', 'denied'], grace: '0s', atLeast: '0s' })],
    top: world.top,
  });
let daemon = await start();
const lines: { readonly pid: unknown; readonly cause: unknown }[] = [];
const collect = (from: DaemonProcess): void => {
  for (const { msg, pid, cause } of from
    .lines()
    .map((line) => ({ pid: line['pid'], cause: line['cause'], msg: line.msg }))) {
    if (msg === 'session ended') lines.push({ pid, cause });
  }
};

const until = Date.now() + seconds * 1000;
const wrong: string[] = [];
const late: number[] = [];
let ended = 0;

const open = async (role: string, life: number) => {
  const now = Math.floor(Date.now() / 1000);
  const password = await world.issuer.mint({
    sub: `system:serviceaccount:${role}`,
    iat: now,
    exp: now + life,
  });
  const session = await holdSession(async () => world.host.cluster.connect({ role, password }));
  return { session, exp: (now + life) * 1000 };
};

/** One client: one session after the other, until there is no time for another one. */
const runClient = async (index: number): Promise<void> => {
  const role = roles[index % roles.length] ?? '';
  // Not all at once.
  await delay(randomInt(10_000));
  while (Date.now() + (LONGEST + 5) * 1000 < until) {
    const { session, exp } = await open(role, randomInt(SHORTEST, LONGEST + 1));
    const { at, code } = await session.ended((LONGEST + 20) * 1000);
    ended += 1;
    late.push(at - exp);
    if (at < exp) wrong.push(`process ${session.pid} ended ${exp - at} ms before its token`);
    if (at > exp + PATIENCE)
      wrong.push(`process ${session.pid} ended ${at - exp} ms after its token`);
    if (code !== '57P01') wrong.push(`process ${session.pid} ended with ${code}`);
  }
};

const restart = async (): Promise<number> => {
  let count = 0;
  while (Date.now() + RESTART * 1000 < until) {
    await delay(RESTART * 1000);
    const old = daemon;
    await old.stop();
    collect(old);
    daemon = await start();
    count += 1;
  }
  return count;
};

const teller = setInterval(() => {
  const left = Math.max(0, Math.round((until - Date.now()) / 1000));
  process.stderr.write(`${ended} sessions ended, ${left} s to go\n`);
}, 10_000);
const long = await Promise.all(
  Array.from({ length: LONG_SESSIONS }, async (_, at) =>
    open(roles[at % roles.length] ?? '', 7200),
  ),
);
/** A login that comes while the daemon is started anew waits for it, or is made again. */
const runAll = Promise.all(
  Array.from({ length: clients }, async (_, index) => {
    for (;;) {
      try {
        await runClient(index);
        return;
      } catch (error) {
        if (!String(error).includes('PAM authentication failed') || Date.now() > until) throw error;
        await delay(500);
      }
    }
  }),
);
const [restarts] = await Promise.all([restart(), runAll]).finally(() => {
  clearInterval(teller);
});
await delay(1000);
for (const { session } of long) {
  if (!session.isOpen()) wrong.push(`process ${session.pid} ended, and its token is good`);
  await session.close();
}
await daemon.stop();
collect(daemon);
if (lines.length !== ended) wrong.push(`${ended} sessions ended, and ${lines.length} lines say so`);
if (lines.some(({ cause }) => cause !== 'expired'))
  wrong.push('a session ended for another reason');

const sorted = late.toSorted((a, b) => a - b);
const at = (part: number): number | undefined => sorted[Math.floor((sorted.length - 1) * part)];
process.stdout.write(
  `${ended} sessions of ${clients} clients ended, with ${restarts} starts of the daemon between\n` +
    `milliseconds after the end of the token: ${at(0)} least, ${at(0.5)} median, ${at(0.99)} p99, ${at(1)} most\n` +
    `${wrong.map((what) => `WRONG: ${what}\n`).join('')}${wrong.length} wrong\n`,
);
process.exitCode = wrong.length === 0 && ended > clients ? 0 : 1;
