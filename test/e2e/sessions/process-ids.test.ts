// Process IDs of real servers that are used again, by another session of the same server or by one of another server: nobody's
// session ends for somebody else's token. Each server has process IDs of its own, as one in a container has, and they are
// set so that the next session gets the same again.
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type HeldSession, holdSession } from '../../support/hold-session.ts';
import type { PostgresCluster } from '../../support/postgres-cluster.ts';
import { runChecked } from '../../support/run-checked.ts';
import type { DaemonProcess } from '../../support/start-daemon-process.ts';
import { type SessionHost, startSessionHost } from '../../support/start-session-host.ts';
import { poll } from '../../support/poll.ts';
import { endsOf } from './session-host.ts';

const ROLE = 'foo:one';
const ENDS = { end: ['expired'], grace: '0s', atLeast: '0s' };
/** Far from what is used otherwise. */
const PID = 20_000;

const stack = new AsyncDisposableStack();
let on: SessionHost;
let other: PostgresCluster;

beforeAll(async () => {
  on = stack.use(await startSessionHost([ROLE], {}, { ownProcesses: true }));
  const standby = await on.host.startStandby();
  stack.defer(standby.cluster.stop);
  other = standby.cluster;
});
afterAll(async () => {
  await stack.disposeAsync();
});

/** Logs in by a token that lives for so many seconds, as the process of that number. */
async function openAs(
  pid: number,
  cluster: PostgresCluster,
  seconds: number,
  over: 'tcp' | 'socket' = 'tcp',
): Promise<HeldSession> {
  const now = Math.floor(Date.now() / 1000);
  const password = await on.issuer.mint({
    sub: `system:serviceaccount:${ROLE}`,
    iat: now,
    exp: now + seconds,
  });
  return poll('a session of that process ID', async () => {
    // Some other process of the server may come first.
    await setLastPID(cluster, pid - 1);
    const session = await holdSession(async () => cluster.connect({ role: ROLE, password, over }));
    if (session.pid === pid) {
      return session;
    }
    await session.close();
    return undefined;
  });
}

/** Sets the number after which the server's next process is numbered. */
async function setLastPID(cluster: PostgresCluster, last: number): Promise<void> {
  const set = `echo ${last} > /proc/sys/kernel/ns_last_pid`;
  await runChecked('nsenter', [`--pid=${cluster.processNamespace()}`, 'sh', '-c', set]);
}

async function startDaemonOfBoth(): Promise<DaemonProcess> {
  const servers = [
    { name: 'main', connection: on.host.connection },
    { name: 'other', connection: on.host.connectionTo(other) },
  ];
  return on.host.startDaemon({ issuers: [on.entry(ENDS)], top: { servers } });
}

describe('the same process ID', () => {
  it('of a session that came after another was granted, and before that was looked for, is left alone', async () => {
    await using daemon = await on.host.startDaemon({ issuers: [on.entry(ENDS)], top: on.top });
    const short = await openAs(PID, on.host.cluster, 4);
    await short.close();
    // A password would do as well; it has an hour to go.
    const long = await openAs(PID, on.host.cluster, 3600);
    await delay(9000);
    expect(long.isOpen()).toBe(true);
    expect(endsOf(daemon)).toEqual([]);
    await long.close();
  });

  it('on two servers is told apart by where the clients are', async () => {
    await using daemon = await startDaemonOfBoth();
    const short = await openAs(PID + 1, on.host.cluster, 5, 'socket');
    const long = await openAs(PID + 1, other, 3600);
    expect(await short.ended()).toMatchObject({ code: '57P01' });
    await delay(2000);
    expect(long.isOpen()).toBe(true);
    expect(endsOf(daemon)).toMatchObject([{ pid: PID + 1, server: 'main' }]);
    await long.close();
  });

  it('on two servers, of clients of one address, is nobody: both go on, and the log says why', async () => {
    await using daemon = await startDaemonOfBoth();
    const long = await openAs(PID + 2, other, 3600);
    const short = await openAs(PID + 2, on.host.cluster, 4);
    await daemon.waitForLine('a session will not be ended');
    await delay(6000);
    expect([short.isOpen(), long.isOpen()]).toEqual([true, true]);
    expect(endsOf(daemon)).toEqual([]);
    await short.close();
    await long.close();
  });
});
