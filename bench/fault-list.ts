// The faults, each with what makes it and what ends it.
import { once } from 'node:events';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { entryOf } from '../test/support/entry-of.ts';
import { findFreePort } from '../test/support/find-free-port.ts';
import { tryLogins } from '../test/support/try-logins.ts';
import { writeIssuersYAML } from '../test/support/write-issuers-yaml.ts';
import { type Clients, DENIED, type FaultHost, ROLE } from './fault-host.ts';
import { makeEntries } from './make-entries.ts';

/** Makes a fault on a host of its own. @returns what it cost, in words. */
export type Fault = (on: FaultHost) => Promise<string>;

/** Milliseconds of peace before a fault, and how long logins may take to be granted again. */
const PEACE = 2000;
const PATIENCE = 20_000;

export const FAULTS: Readonly<Record<string, Fault>> = {
  'log-reader': async (on) => {
    await using daemon = await start(on);
    return await during(on, 30_000, async () => daemon.stopReading());
  },
  'slow-disk': async (on) => {
    await using _daemon = await start(on, { wrapper: on.slowCalls.wrapper });
    return await during(on, 6000, async () => on.slowCalls.slowDisk());
  },
  'slow-disk-and-issuer-down': async (on) => {
    await using _daemon = await start(on, { wrapper: on.slowCalls.wrapper });
    return await during(on, 6000, async () => {
      await on.issuer.fail('status-500');
      const speedUp = await on.slowCalls.slowDisk();
      return async () => {
        await speedUp();
        await on.issuer.recover();
      };
    });
  },
  'bad-file-at-start': async (on) => {
    const { installation } = on.host;
    await installation.writeConfig('apiVersion: pgtoken/v1\nissuers: nobody\n');
    await using daemon = await on.host.startDaemon({ unready: true });
    void daemon.ended.catch(() => undefined);
    return await during(on, 5000, async () => async () => {
      await installation.writeConfig(writeIssuersYAML([on.entry]));
    });
  },
  'bad-file-at-reload': async (on) => {
    const { installation } = on.host;
    await using _daemon = await start(on);
    return await during(on, 5000, async () => {
      await installation.writeConfig('apiVersion: pgtoken/v1\nissuers: nobody\n');
      return async () => installation.writeConfig(writeIssuersYAML([on.entry]));
    });
  },
  'metrics-port': async (on) => {
    const port = await findFreePort();
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    await on.host.installation.writeConfig(writeIssuersYAML([on.entry]));
    await using daemon = await on.host.startDaemon({
      args: ['--metrics', `127.0.0.1:${port}`],
      unready: true,
    });
    void daemon.ended.catch(() => undefined);
    return await during(on, 5000, async () => () => void other.close());
  },
  'few-descriptors': async (on) => {
    await using daemon = await start(on, { wrapper: ['prlimit', '--nofile=128:128', '--'] });
    const from = performance.now();
    const { granted = 0, ...others } = await tryLogins(
      on.host.cluster,
      { role: ROLE, password: await on.mint() },
      200,
    );
    const told = daemon.lines().some(({ msg }) => msg.includes('limit on open files'));
    return `200 logins at once: ${granted} granted, ${sum(Object.values(others))} not, in ${seconds(performance.now() - from)}; reported at the start: ${told ? 'yes' : 'no'}`;
  },
  'socket-removed': async (on) => {
    await using _daemon = await start(on);
    return await during(on, 0, async () => {
      await rm(on.host.socket);
      return () => undefined;
    });
  },
  'long-reload': async (on) => {
    await using daemon = await start(on);
    const { installation } = on.host;
    const long = writeIssuersYAML([
      on.entry,
      ...(await makeEntries(join(installation.folder, 'etc'), 399)),
    ]);
    const replace = async (text: string): Promise<void> => {
      const before = daemon.lines().length;
      await installation.writeConfig(text);
      await daemon.waitForLine('configuration in force', before);
    };
    await replace(long);
    await delay(PEACE);
    const clients = on.logIn();
    for (let turn = 0; turn < 5; turn += 1) {
      await delay(1000);
      await replace(`${long}# change ${turn}\n`);
    }
    await clients.stop();
    return `5 reloads of 400 entries: ${countGranted(clients)} granted, longest ${longest(clients)}`;
  },
  'half-written-file': async (on) => {
    await using daemon = await start(on);
    const { installation } = on.host;
    await daemon.waitForLine('configuration in force');
    const denied = on.logIn({ role: DENIED.role, password: await on.mint(DENIED.sub) });
    const good = on.logIn();
    await delay(PEACE);
    const whole = writeIssuersYAML([on.entry]);
    await installation.overwriteConfig(whole.slice(0, whole.indexOf('    deny:')));
    await delay(3000);
    await installation.overwriteConfig(whole);
    await delay(PEACE);
    await Promise.all([denied.stop(), good.stop()]);
    return `3 s between the halves: ${countGranted(denied)} logins granted that the missing half denies; others: ${countGranted(good)} granted, ${good.attempts.length - countGranted(good)} not, longest ${longest(good)}`;
  },
  'file-mounted-by-itself': async (on) => {
    const { installation } = on.host;
    const mounted = join(installation.folder, 'etc', 'mounted.yaml');
    await writeFile(mounted, '');
    await chmod(mounted, 0o644);
    // In a mount namespace of its own, as in a container.
    const script = 'mount --bind "$0" "$1"; shift; exec "$@"';
    await installation.writeConfig(writeIssuersYAML([on.entry]));
    await using daemon = await on.host.startDaemon({
      asTester: true,
      wrapper: ['unshare', '--mount', 'sh', '-euc', script, installation.config, mounted],
      args: [`--config=${mounted}`],
    });
    const from = performance.now();
    await installation.writeConfig(writeIssuersYAML([entryOf('other', on.issuer)]));
    const error = await daemon
      .waitForLine('a file was replaced, and is seen here as it was before')
      .then(
        () => seconds(performance.now() - from),
        () => undefined,
      );
    return `reported after: ${error ?? 'never'}`;
  },
};

async function start(
  { host, entry }: FaultHost,
  more: Parameters<FaultHost['host']['startDaemon']>[0] = {},
) {
  return host.startDaemon({ issuers: [entry], ...more });
}

/** Lets clients log in before, during and after a fault. @param make makes it; what it returns ends it. */
async function during(
  on: FaultHost,
  ms: number,
  make: () => Promise<() => Promise<void> | void>,
): Promise<string> {
  const clients = on.logIn();
  await delay(PEACE);
  const from = performance.now();
  const end = await make();
  await delay(ms);
  const to = performance.now();
  await end();
  const isHealed = (): boolean =>
    clients.attempts.some((one) => one.outcome === 'granted' && one.from >= to);
  while (!isHealed() && performance.now() < to + PATIENCE) await delay(20);
  await delay(500);
  await clients.stop();
  const within = clients.attempts.filter((one) => one.to > from && one.from < to);
  const granted = within.filter(({ outcome }) => outcome === 'granted');
  const healed = clients.attempts
    .filter((one) => one.outcome === 'granted' && one.from >= to)
    .reduce((first, one) => Math.min(first, one.to), Infinity);
  const times = clients.attempts.filter((one) => one.to > from).map((one) => one.to - one.from);
  return [
    `during ${seconds(to - from)}: ${granted.length} granted, ${within.length - granted.length} not`,
    `longest login ${seconds(Math.max(0, ...times))}`,
    `granted again after ${healed === Infinity ? `more than ${seconds(PATIENCE)}` : seconds(healed - to)}`,
  ].join('; ');
}

const countGranted = ({ attempts }: Clients): number =>
  attempts.filter(({ outcome }) => outcome === 'granted').length;
const longest = ({ attempts }: Clients): string =>
  seconds(Math.max(0, ...attempts.map(({ from, to }) => to - from)));
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
