// `npm run bench:provision`: what it costs that roles follow tokens. Logins of an entry with `provision`, whose role is as it should
// be, against those of one without, and first logins, which make a role, against those of a role that is there.
//
// Paired rounds, each side first in turn. Every login has a token that nobody has seen before.
import { Client } from 'pg';
import { Command } from 'commander';

import { type Method, startBenchHost } from './bench-host.ts';
import { measureLogins } from './login-clients.ts';
import { parseCount } from './parse-count.ts';
import { median, medianRatio } from './statistics.ts';

const CLIENTS = [1, 64] as const;

const options = new Command('bench:provision')
  .description('Measures logins whose role is provisioned against logins whose role is not.')
  .option('--rounds <number>', 'paired rounds', parseCount, 5)
  .option('--seconds <number>', 'seconds of each side in each round', parseCount, 4)
  .option('--first <number>', 'pairs of first logins and others in each round', parseCount, 40)
  .parse()
  .opts<{ readonly rounds: number; readonly seconds: number; readonly first: number }>();

await using stack = new AsyncDisposableStack();
const host = stack.use(await startBenchHost());
const off = methodOf('daemon-distinct');
const on = methodOf('provision-distinct');
// Whose role is made by it, and connections.
for (const method of [on, off]) await measureLogins(host, method, 8, 1);

const rates = new Map(
  CLIENTS.map((clients) => [clients, { off: [] as number[], on: [] as number[] }]),
);
const extra: number[] = [];
let made = 0;
for (let round = 1; round <= options.rounds; round += 1) {
  for (const [clients, sides] of rates) {
    // In turns of a second, there and back again.
    const sums = { off: 0, on: 0 };
    for (let turn = 0; turn < options.seconds; turn += 1) {
      for (const side of turn % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
        const { rate } = await measureLogins(host, side === 'on' ? on : off, clients, 1);
        sums[side] += rate;
      }
    }
    sides.off.push(sums.off / options.seconds);
    sides.on.push(sums.on / options.seconds);
  }
  const pairs: number[] = [];
  for (let pair = 0; pair < options.first; pair += 1) {
    made += 1;
    const roles = [`first:${made}`, on.role];
    const times = new Map<string, number>();
    for (const role of pair % 2 === 0 ? roles : roles.toReversed()) {
      times.set(role, await timeLogin(role));
    }
    pairs.push((times.get(`first:${made}`) ?? NaN) - (times.get(on.role) ?? NaN));
  }
  extra.push(median(pairs));
  console.error(`round ${round}/${options.rounds}`);
}
for (const [clients, sides] of rates) {
  console.log(
    `${clients} clients: off ${median(sides.off).toFixed(1)}, on ${median(sides.on).toFixed(1)} logins/s, ratio ${medianRatio(sides.on, sides.off).toFixed(3)}`,
  );
}
console.log(`first login: ${median(extra).toFixed(2)} ms more than that of a role that is there`);

function methodOf(name: Method['name']): Method {
  const method = host.methods.find((one) => one.name === name);
  if (method === undefined) {
    throw new Error(`no method ${name}`);
  }
  return method;
}

/** @returns milliseconds from connecting to the first answer. */
async function timeLogin(user: string): Promise<number> {
  const password = await host.mint(user);
  const client = new Client({
    host: '127.0.0.1',
    port: host.cluster.port,
    database: 'postgres',
    user,
    password,
    ssl: false,
  });
  const start = performance.now();
  await client.connect();
  const took = performance.now() - start;
  await client.end();
  return took;
}
