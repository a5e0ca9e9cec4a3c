// `npm run bench:hanging`: what a login of one issuer costs, in milliseconds, while another issuer hangs.
//
// Paired rounds: each measures the same logins twice, with nobody else about and with clients whose own issuer does not
// answer, so that whatever else the machine does falls on both, and the two take turns in going first. Logins come one after the other, by the pg driver, through
// PostgreSQL, the module and the daemon.
import { Command } from 'commander';

import { createCertificateAuthority } from '../test/support/certificate-authority.ts';
import { countWaitingBackends } from '../test/support/count-waiting-backends.ts';
import { entryOf } from '../test/support/entry-of.ts';
import { createIssuer } from '../test/support/issuer.ts';
import { poll } from '../test/support/poll.ts';
import type { Login } from '../test/support/postgres-cluster.ts';
import { startDaemonHost } from '../test/support/start-daemon-host.ts';
import { tryLogin } from '../test/support/try-logins.ts';
import { parseCount } from './parse-count.ts';
import { median } from './statistics.ts';

const ROLE = 'foo:myservice';
const PERCENTILES = [50, 90, 99, 100] as const;

const options = new Command('bench:hanging')
  .description('Measures logins of one issuer alone, and while another one hangs.')
  .option('--rounds <number>', 'paired rounds', parseCount, 5)
  .option('--logins <number>', 'logins on each side of a round', parseCount, 400)
  .option('--hanging <number>', 'clients whose issuer hangs', parseCount, 16)
  .parse()
  .opts<{ readonly rounds: number; readonly logins: number; readonly hanging: number }>();

await using stack = new AsyncDisposableStack();
const authority = stack.use(await createCertificateAuthority());
const hangs = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
const works = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
const host = stack.use(await startDaemonHost([ROLE]));
stack.use(
  await host.startDaemon({
    // Longer than the daemon's deadline: whoever waits for this issuer waits in vain, and does so again at once.
    issuers: [entryOf('hangs', hangs, { http: { timeout: '30s' } }), entryOf('works', works)],
  }),
);
await hangs.fail('hang');
const good: Login = { role: ROLE, password: await works.mint() };
const bad: Login = { role: ROLE, password: await hangs.mint() };
await measure(50); // the first ones warm everything up

const sides = { alone: [] as number[][], hanging: [] as number[][] };
for (let round = 1; round <= options.rounds; round += 1) {
  for (const side of round % 2 === 1
    ? (['alone', 'hanging'] as const)
    : (['hanging', 'alone'] as const)) {
    const job = async (): Promise<number[]> => measure(options.logins);
    sides[side].push(await (side === 'alone' ? job() : whileHanging(job)));
  }
  console.error(`round ${round}/${options.rounds}`);
}
console.log(formatTable());

/** Logs in so many times. @returns the milliseconds of each login, sorted. */
async function measure(logins: number): Promise<number[]> {
  const times = [];
  for (let login = 0; login < logins; login += 1) {
    const start = performance.now();
    const outcome = await tryLogin(host.cluster, good);
    if (outcome !== 'granted') {
      throw new Error(`a good login ended with: ${outcome}`);
    }
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b);
}

/** Does the job while that many clients wait for the issuer that hangs, each beginning anew when it is refused. */
async function whileHanging<T>(job: () => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const clients = Array.from({ length: options.hanging }, async () => {
    while (!abort.signal.aborted) {
      if ((await tryLogin(host.cluster, bad)) === 'granted') {
        throw new Error('a login was granted whose issuer hangs');
      }
    }
  });
  await poll(
    'clients that wait',
    async () => (await countWaitingBackends(host.cluster)) >= options.hanging || undefined,
  );
  const result = await job();
  abort.abort();
  await Promise.all(clients);
  return result;
}

function percentile(sorted: readonly number[], percent: number): number {
  const value = sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
  if (value === undefined) {
    throw new Error('no values to take a percentile of');
  }
  return value;
}

/** Medians over the rounds; the ratio is the median of the rounds' own ratios. */
function formatTable(): string {
  const rows = PERCENTILES.map((percent) => {
    const [alone, hanging] = [sides.alone, sides.hanging].map((rounds) =>
      rounds.map((times) => percentile(times, percent)),
    );
    if (alone === undefined || hanging === undefined) {
      throw new Error('both sides are measured');
    }
    const ratio = median(hanging.map((value, round) => value / (alone[round] ?? Number.NaN)));
    const cells = [median(alone), median(hanging), ratio].map((value) => value.toFixed(2));
    return `| ${[percent === 100 ? 'slowest' : `p${percent}`, ...cells].join(' | ')} |`;
  });
  return [
    `| of ${options.logins} logins, ms | alone | while ${options.hanging} clients wait for another issuer | ratio |`,
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}
