// `npm run bench:fleet`: what a fleet of hosts asks of its issuers, and what becomes of logins, while issuers start to sign with other
// keys, limit requests or are away for a day. The daemon's own code, on a virtual clock and without a network.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { createProgress } from '../../test/world/machine/create-progress.ts';
import { drawPanels, type Panel } from '../draw-panels.ts';
import { parseCount } from '../parse-count.ts';
import * as scenarios from './scenarios.ts';
import type { LoginCounts } from './simulated-fleet.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What an issuer with a limit answers in a second. */
const CAPACITY = 50;
const OUTAGE_HOURS = 24.5;
/** The default of cache.maxStale. */
const MAX_STALE_HOURS = 24;

const options = new Command('bench:fleet')
  .description('Simulates many hosts and their issuers.')
  .option('--hosts <number>', 'hosts', parseCount, 1000)
  .option('--issuers <number>', 'issuers of each host', parseCount, 20)
  .option('--seed <number>', 'what random numbers begin with', parseCount, 1)
  .option('--json <file>', 'write all figures as JSON')
  .option('--plot <file>', 'draw requests and hosts as SVG')
  .parse()
  .opts<{
    readonly hosts: number;
    readonly issuers: number;
    readonly seed: number;
    readonly json?: string;
    readonly plot?: string;
  }>();

const { hosts, issuers, seed } = options;
const fleet = { hosts, issuers, seed };
const progress = createProgress({
  write: (line) => process.stderr.write(`bench: ${line}\n`),
  file: join(ROOT, 'build/durations/fleet.json'),
});
const run = async <T>(name: string, simulate: (tell: scenarios.Tell) => Promise<T>): Promise<T> =>
  progress.step(name, async (tell) =>
    simulate((part) => {
      tell(`${Math.round(part * 100)} %`);
    }),
  );

const usual = await run('usual operation', async (tell) => scenarios.simulateUsual(fleet, tell));
const start = await run('all start at once', async (tell) =>
  scenarios.simulateStart(fleet, Infinity, tell),
);
const inStep = await run('all start at once, without random numbers', async (tell) =>
  scenarios.simulateStart({ ...fleet, spread: false }, Infinity, tell),
);
const limited = await run('all start at once, at issuers with a limit', async (tell) =>
  scenarios.simulateStart(fleet, CAPACITY, tell),
);
const announced = await run('a rotation with notice', async (tell) =>
  scenarios.simulateAnnouncedRotation(fleet, tell),
);
const sudden = await run('a rotation without notice', async (tell) =>
  scenarios.simulateSuddenRotation(fleet, tell),
);
const unknown = await run('tokens with unknown kids', async (tell) =>
  scenarios.simulateUnknownKeys(fleet, tell),
);
// What one issuer does does not reach the others' keys: two of them are enough for a day.
const outage = await run('an outage of a day', async (tell) =>
  scenarios.simulateOutage(
    { ...fleet, issuers: 2, hours: OUTAGE_HOURS, maxStaleHours: MAX_STALE_HOURS },
    tell,
  ),
);

console.log(`${hosts} hosts, ${issuers} issuers, issuers.yaml with its defaults; requests at one issuer

| | requests a second, mean | worst second | |
|---|---|---|---|
| usual operation | ${rate(usual.mean)} | ${usual.peak} | ${usual.perHostAndHour.toFixed(1)} an hour of each host |
| all start within a second, without keys | | ${start.firstSecond} | ${describe(start.served)} have keys; then at most ${start.peakAfter10Minutes} a second after 10 min, ${start.peakInLastHour} in the second hour |
| the same without random numbers | | ${inStep.firstSecond} | then ${inStep.peakAfter10Minutes} and ${inStep.peakInLastHour} |
| the same at issuers that answer ${CAPACITY} in a second | | ${limited.firstSecond} | ${describe(limited.served)} have keys |
| rotation with notice | | ${announced.peak} | new key: ${describe(announced.arrived)}; old one gone: ${describe(announced.gone)}; logins: ${count(announced.logins)} |
| rotation without notice | | ${sudden.peak} | new key: ${describe(sudden.arrived)}; logins: ${count(sudden.logins)}; then at most ${sudden.peakAfter10Minutes} a second |
| tokens with unknown kids, one a second at each host | ${rate(unknown.mean)} | ${unknown.peak} | ${unknown.peakAfterCooldown} after the first minute; logins: ${count(unknown.logins)}; another issuer: ${rate(unknown.meanOfOther)} |
| outage of ${OUTAGE_HOURS} h | ${rate(outage.mean)} | ${outage.peak} | all hosts log in for ${minutes(outage.allUntil)}, some for ${minutes(outage.someUntil)}; logins before the last hour: ${count(outage.loginsInTime)} |
| its end | | ${outage.peakOfReturn} | ${outage.unusableAtReturn} hosts have keys again: ${describe(outage.recovered)}; then at most ${outage.peakLater} a second |
`);

if (options.json !== undefined) {
  const all = { fleet, usual, start, inStep, limited, announced, sudden, unknown, outage };
  await writeFile(
    options.json,
    `${JSON.stringify(all, (key, value: unknown) => (key === 'requests' || key === 'usable' ? undefined : value), 2)}\n`,
  );
}
if (options.plot !== undefined) {
  await writeFile(options.plot, drawPanels(panels(), 2));
}

function panels(): readonly Panel[] {
  const hour = ticks(0, 120 * 60, 20 * 60, (seconds) => `${seconds / 60} min`);
  const day = ticks(0, 24 * 3600, 4 * 3600, (seconds) => `${seconds / 3600} h`);
  const whole = { from: -3600, to: (OUTAGE_HOURS + 2) * 3600, ticks: day };
  return [
    {
      title: 'All start at once: requests in the worst second',
      x: { from: 0, to: 120 * 60, ticks: hour },
      lines: [
        // What comes first is the same for both, and so high that nothing else could be seen.
        { name: 'as it is', points: worstOf(start.requests, 60, 0, 60) },
        { name: 'without random numbers', points: worstOf(inStep.requests, 60, 0, 60) },
      ],
    },
    {
      title: `The same at issuers that answer ${CAPACITY} a second: requests`,
      x: { from: 0, to: 180, ticks: ticks(0, 180, 30, (seconds) => `${seconds} s`) },
      lines: [{ name: 'requests', points: worstOf(limited.requests.slice(0, 180), 1, 0) }],
    },
    {
      title: 'Rotation without notice: requests a second',
      x: {
        from: -300,
        to: 1500,
        ticks: ticks(-300, 1500, 300, (seconds) => `${seconds / 60} min`),
      },
      lines: [{ name: 'requests', points: worstOf(sudden.requests, 5, -300) }],
    },
    {
      title: 'Outage of a day: requests in the worst second',
      x: whole,
      lines: [{ name: 'requests', points: worstOf(outage.requests, 600, -3600) }],
    },
    {
      title: 'Outage of a day: hosts with keys that may be used',
      x: whole,
      lines: [
        { name: 'hosts', points: outage.usable.map(({ at, usable }) => [at, usable] as const) },
      ],
    },
  ];
}

/** The worst second of each stretch. @param skipped seconds at the beginning that are left out. */
function worstOf(
  requests: scenarios.Requests,
  stretch: number,
  from: number,
  skipped = 0,
): readonly (readonly [number, number])[] {
  const points: (readonly [number, number])[] = [];
  for (let second = skipped; second < requests.length; second += stretch) {
    points.push([from + second, Math.max(...requests.slice(second, second + stretch))]);
  }
  return points;
}

function ticks(
  from: number,
  to: number,
  step: number,
  label: (seconds: number) => string,
): readonly (readonly [number, string])[] {
  const all: (readonly [number, string])[] = [];
  for (let at = from; at <= to; at += step) all.push([at, label(at)]);
  return all;
}

function rate(value: number): string {
  return value.toFixed(1);
}

function minutes(seconds: number): string {
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

function describe({ missing, median, p99, last }: scenarios.Times): string {
  const reached = missing === 0 ? 'all' : `all but ${missing}`;
  return `half after ${formatSeconds(median)}, 99 % after ${formatSeconds(p99)}, ${reached} after ${formatSeconds(last)}`;
}

function formatSeconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} s` : `${value.toFixed(0)} s`;
}

function count({ granted, refused }: LoginCounts): string {
  const refusals = Object.entries(refused).map(([code, number]) => `${number} ${code}`);
  return `${granted} granted, ${refusals.length === 0 ? 'none refused' : refusals.join(', ')}`;
}
