// npm run soak: 64 clients log in to a real PostgreSQL server without a pause, with good and bad tokens of three issuers, while
// keys rotate, an issuer goes away, another one's name hangs, the disk is slow, issuers.yaml changes, rightly, wrongly and in
// halves, nobody reads the log, and the daemon is restarted. Exit status 0 when every good login was granted, every bad one
// refused, and the audit lines add up to the logins; with --limit also when no good login took longer, in milliseconds, but for
// those that a restart held up.
import { parseArgs } from 'node:util';

import { besideRestarts, countLost, median, percentile, quarter, tally } from './judge-soak.ts';
import { runSoak, type SoakResult } from './run-soak.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '64' },
    limit: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const options = {
  seconds: Number(values.seconds),
  clients: Number(values.clients),
  seed: Number(values.seed),
  limit: values.limit === undefined ? undefined : Number(values.limit),
};
if (!(options.seconds >= 10 && options.seconds <= 86_400 && options.clients >= 1)) {
  throw new Error('expected --seconds from 10 to 86400, and at least one of --clients');
}
const begun = performance.now();
const teller = setInterval(() => {
  const passed = Math.round((performance.now() - begun) / 1000);
  process.stderr.write(`${passed} s of ${options.seconds} s\n`);
}, 10_000);
const result = await runSoak(options).finally(() => {
  clearInterval(teller);
});
for (const line of describe(result)) print(line);
print(`seed ${options.seed}`);
process.exitCode = result.violations.length === 0 ? 0 : 1;

function describe(soak: SoakResult): string[] {
  const { attempts, seconds, disturbances, samples, idle, lines } = soak;
  const granted = attempts.filter(({ expected }) => expected === 'granted');
  const refused = attempts.filter(({ expected }) => expected !== 'granted');
  const last = samples.filter(({ pid }) => pid === idle.after.pid);
  const latency = (list: typeof attempts): string =>
    [50, 95, 99, 100]
      .map(
        (percent) =>
          `p${percent} ${percentile(
            list.map((one) => one.latency),
            percent,
          )}`,
      )
      .join(', ');
  return [
    `${attempts.length} logins in ${seconds.toFixed(1)} s by ${soak.clients} clients: ${granted.length} to be granted, ${refused.length} to be refused`,
    ...[...tally(attempts.map(({ kind, expected }) => `  ${kind}: ${expected}`))]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, count]) => `${name} ${count}`),
    `latency in ms, granted: ${latency(granted)}`,
    `latency in ms, granted, beside restarts: ${latency([...besideRestarts(soak)])}`,
    `latency in ms, refused: ${latency(refused)}`,
    `decisions in ms: ${decisionTimes(lines)}`,
    `disturbances: ${Object.entries(disturbances)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}`,
    `last daemon: ${median(quarter(last, 1))} MiB early, ${median(quarter(last, 3))} MiB late, descriptors ${idle.before.descriptors} before, ${Math.max(...samples.map(({ descriptors }) => descriptors))} at most, ${idle.after.descriptors} after`,
    `audit lines: ${lines.filter(({ msg }) => msg === 'decision').length}, lines lost: ${countLost(lines)}`,
    ...soak.violations.map((violation) => `WRONG: ${violation}`),
    soak.violations.length === 0
      ? 'every login was decided rightly, and logged once'
      : `${soak.violations.length} violations`,
  ];
}

/** Of grants, by the daemon's own clock: from the whole request to the answer. */
function decisionTimes(lines: SoakResult['lines']): string {
  const times = lines.flatMap(({ outcome, ms }) =>
    outcome === 'granted' && typeof ms === 'number' ? [ms] : [],
  );
  return [50, 99, 100].map((percent) => `p${percent} ${percentile(times, percent)}`).join(', ');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
