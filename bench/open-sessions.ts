// `npm run bench:sessions`: what open sessions cost a daemon that watches them: its memory and its processor time, beside a daemon
// that let the same number in and watches none, in turns.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import type { Client } from 'pg';
import { entryOf } from '../test/support/entry-of.ts';
import { poll } from '../test/support/poll.ts';
import { runPgtoken } from '../test/support/run-pgtoken.ts';
import type { DaemonProcess } from '../test/support/start-daemon-process.ts';
import { startSessionHost } from '../test/support/start-session-host.ts';
import { processorTimeOf } from './bench-daemon.ts';
import { parseCount } from './parse-count.ts';
import { readProcFigure } from './read-proc-figure.ts';
import { median } from './statistics.ts';

const { sessions, seconds, rounds } = new Command('bench:sessions')
  .description('Measures what open sessions cost the daemon.')
  .option('--sessions <number>', 'sessions that are open at a time', parseCount, 5000)
  .option('--seconds <number>', 'how long each daemon is looked at', parseCount, 60)
  .option('--rounds <number>', 'paired rounds', parseCount, 3)
  .parse()
  .opts<{ readonly sessions: number; readonly seconds: number; readonly rounds: number }>();

/** Logins at a time. */
const AT_A_TIME = 32;
/** Tokens outlast the run. */
const LIFE = 7200;
/** Milliseconds after the last login before anything is read. */
const SETTLED = 5000;
const ROLE = 'bench:service';

interface Figures {
  readonly memory: number[];
  readonly processor: number[];
}

await using host = await startSessionHost([ROLE], {
  max_connections: String(sessions + 50),
  log_connections: 'off',
});
const off: Figures = { memory: [], processor: [] };
const on: Figures = { memory: [], processor: [] };
for (let round = 1; round <= rounds; round += 1) {
  await measure({}, off);
  await measure({ sessions: { end: ['expired', 'denied'] } }, on);
  process.stderr.write(`round ${round} of ${rounds}\n`);
}

const extra = median(on.memory.map((memory, round) => memory - (off.memory[round] ?? Number.NaN)));
console.log(`| ${sessions} sessions are open | watched | not watched |`);
console.log('|---|---|---|');
console.log(`| memory (PSS), MB | ${show(on.memory)} | ${show(off.memory)} |`);
console.log(`| processor time, % of a core | ${show(on.processor)} | ${show(off.processor)} |`);
console.log(`\n${extra.toFixed(1)} MB more (median of ${rounds})`);

function show(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
}

/** Opens the sessions through a daemon of its own, and reads what it takes while nothing happens to them. */
async function measure(more: Readonly<Record<string, unknown>>, to: Figures): Promise<void> {
  await using daemon = await host.host.startDaemon({
    issuers: [entryOf('cluster', host.issuer, more)],
    top: host.top,
  });
  const clients: Client[] = [];
  try {
    while (clients.length < sessions) {
      const count = Math.min(AT_A_TIME, sessions - clients.length);
      clients.push(...(await Promise.all(Array.from({ length: count }, open))));
    }
    if (Object.hasOwn(more, 'sessions')) await untilPlaced();
    await delay(SETTLED);
    await read(daemon, to);
  } finally {
    await Promise.all(clients.map(async (client) => client.end()));
  }
}

async function open(): Promise<Client> {
  const now = Math.floor(Date.now() / 1000);
  const password = await host.issuer.mint({
    sub: `system:serviceaccount:${ROLE}`,
    iat: now,
    exp: now + LIFE,
  });
  return host.host.cluster.connect({ role: ROLE, password });
}

/** Waits until the daemon knows of all of them where they are. */
async function untilPlaced(): Promise<void> {
  await poll(
    'the places of all sessions',
    async () => {
      const control = join(host.host.runtimeFolder, 'control.sock');
      const { stdout } = await runPgtoken(['sessions', '--control', control, '--json']);
      return stdout.split('"server"').length - 1 === sessions || undefined;
    },
    60_000,
  );
}

async function read({ pid }: DaemonProcess, to: Figures): Promise<void> {
  const [before, since] = [await processorTimeOf(pid), performance.now()];
  await delay(seconds * 1000);
  const share = (await processorTimeOf(pid)) - before;
  to.processor.push((share / (performance.now() - since)) * 100);
  to.memory.push((await readProcFigure(pid, 'smaps_rollup', 'Pss')) / 1024);
}
