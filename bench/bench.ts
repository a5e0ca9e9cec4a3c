// `npm run bench`: what a login costs by each method, on one host, in paired rounds.
//
// Every round measures every method, a second at a time, there and back again, so that whatever else the machine does, and
// whatever a method leaves behind for the next one, falls on all of them; ratios are medians of the rounds' own ratios.
import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { buildBaseline } from './baseline.ts';
import { METHOD_NAMES, type MethodName, startBenchHost } from './bench-host.ts';
import { type LoginFigures, measureLogins } from './login-clients.ts';
import { measureColdStarts } from './measure-cold-start.ts';
import { measureBackend, measureExec } from './measure-processes.ts';
import { measureReloads } from './measure-reload.ts';
import { parseCount } from './parse-count.ts';
import { drawPlot, formatTable, type Series } from './report.ts';
import { median, medianRatio } from './statistics.ts';

interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly baseline?: string;
  readonly only?: string;
  readonly clients?: readonly number[];
  readonly json?: string;
  readonly plot?: string;
}

const CLIENTS = [1, 8, 64, 200] as const;
/** Pairs of whole processes in each round. */
const PAIRS = 10;
/** Logins with distinct tokens before the daemon's memory is looked at. */
const MEMORY_LOGINS = 20_000;
/** A process for each login: with so many clients it only shows how the machine chokes. */
const NOT_MEASURED: ReadonlySet<string> = new Set(['exec 64', 'exec 200']);

const options = new Command('bench')
  .description(
    'Measures logins by each method against each other on one throwaway PostgreSQL server.',
  )
  .option('--rounds <number>', 'paired rounds', parseCount, 5)
  .option('--seconds <number>', 'turns of a second for each method in each round', parseCount, 4)
  .option('--baseline <revision>', 'build this revision and measure it in the same rounds')
  .option('--only <names>', 'measure these methods alone, separated by commas')
  .option(
    '--clients <numbers>',
    'so many at a time, separated by commas; then rates alone',
    parseCounts,
  )
  .option('--json <file>', 'write the figures as JSON')
  .option('--plot <file>', 'draw the medians as SVG')
  .parse()
  .opts<BenchOptions>();

const only = options.only?.split(',');
const unknown = only?.find((name) => !METHOD_NAMES.some((known) => known === name));
if (unknown !== undefined) {
  console.error(`bench: no method ${unknown}; expected one of ${METHOD_NAMES.join(', ')}`);
  process.exit(2);
}

await using stack = new AsyncDisposableStack();
const baseline =
  options.baseline === undefined ? undefined : stack.use(await buildBaseline(options.baseline));
const host = stack.use(await startBenchHost(baseline?.checkout));
const idle =
  only === undefined && options.clients === undefined ? await host.daemon.memory() : undefined;
const methods = host.methods.filter((method) => only?.includes(method.name) ?? true);
const series = await measureRates();
console.log(`\n${formatTable(series)}`);
const whole = idle === undefined ? undefined : await measureWhole(idle);
if (whole !== undefined) {
  console.log(`\n${JSON.stringify(whole, undefined, 2)}`);
}
if (options.json !== undefined) {
  const machine = { processors: cpus().length, model: cpus()[0]?.model, memory: totalmem() };
  const run = { date: new Date().toISOString(), rounds: options.rounds, seconds: options.seconds };
  await writeFile(
    options.json,
    `${JSON.stringify({ machine, run, ...whole, series }, undefined, 2)}\n`,
  );
}
if (options.plot !== undefined) {
  await writeFile(options.plot, drawPlot(series));
}

async function measureRates(): Promise<readonly Series[]> {
  const all = new Map<string, Series & { readonly rounds: LoginFigures[] }>();
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const clients of options.clients ?? CLIENTS) {
      for (const [method, figures] of await measureInTurns(clients)) {
        const key = `${method} ${clients}`;
        const one = all.get(key) ?? { method, clients, rounds: [] };
        one.rounds.push(figures);
        all.set(key, one);
        console.error(
          `round ${round}/${options.rounds}: ${method}, ${clients} clients: ${figures.rate.toFixed(1)} logins/s, p99 ${figures.p99.toFixed(1)} ms`,
        );
      }
    }
  }
  return [...all.values()];
}

/** @returns what the turns of each method came to: mean rate and processor time, median percentiles, the longest login. */
async function measureInTurns(clients: number): Promise<ReadonlyMap<MethodName, LoginFigures>> {
  const turns = new Map<MethodName, LoginFigures[]>();
  const measured = methods.filter(({ name }) => !NOT_MEASURED.has(`${name} ${clients}`));
  for (let turn = 0; turn < options.seconds; turn += 1) {
    for (const method of turn % 2 === 0 ? measured : measured.toReversed()) {
      const figures = await measureLogins(host, method, clients, 1);
      turns.set(method.name, [...(turns.get(method.name) ?? []), figures]);
    }
  }
  return new Map([...turns].map(([name, figures]) => [name, summarize(figures)]));
}

function summarize(turns: readonly LoginFigures[]): LoginFigures {
  const sum = (of: (one: LoginFigures) => number): number =>
    turns.reduce((total, one) => total + of(one), 0);
  const logins = sum((one) => one.logins);
  return {
    logins,
    rate: sum((one) => one.rate) / turns.length,
    p50: median(turns.map((one) => one.p50)),
    p99: median(turns.map((one) => one.p99)),
    longest: Math.max(...turns.map((one) => one.longest)),
    processorTime: turns.some((one) => one.processorTime === undefined)
      ? undefined
      : sum((one) => (one.processorTime ?? 0) * one.logins) / logins,
  };
}

/** The ratio of two methods with the same number of clients, by one figure. */
function ratio(
  of: MethodName,
  to: MethodName,
  clients: number,
  figure: (one: LoginFigures) => number | undefined,
): number {
  const figuresOf = (method: MethodName): readonly number[] => {
    const found = series.find((one) => one.method === method && one.clients === clients);
    return (found?.rounds ?? []).map((one) => {
      const value = figure(one);
      if (value === undefined) {
        throw new Error(`${method} has no such figure`);
      }
      return value;
    });
  };
  return medianRatio(figuresOf(of), figuresOf(to));
}

async function measureWhole(idleMB: number) {
  const rate = (one: LoginFigures): number => one.rate;
  const pairs = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const timed = await measureExec(host, PAIRS);
    pairs.push({
      node: median(timed.map((pair) => pair.node)),
      exec: median(timed.map((pair) => pair.exec)),
    });
  }
  const processMilliseconds = {
    node: median(pairs.map((pair) => pair.node)),
    exec: median(pairs.map((pair) => pair.exec)),
  };
  const after20000MB = await measureMemory();
  const reloads = await measureReloads(host, options.rounds);
  const coldStarts = await measureColdStarts(host, options.rounds);
  return {
    ratios: {
      daemonVsFloor1: ratio('daemon', 'floor', 1, rate),
      daemonVsFloor64: ratio('daemon', 'floor', 64, rate),
      daemonVsScram1: ratio('daemon', 'scram', 1, rate),
      distinctVsFloor1: ratio('daemon-distinct', 'floor', 1, rate),
      distinctVsFloor64: ratio('daemon-distinct', 'floor', 64, rate),
      distinctEs256VsFloor1: ratio('daemon-es256-distinct', 'floor', 1, rate),
      distinctVsScram1: ratio('daemon-distinct', 'scram', 1, rate),
      sessionsVsOff1: ratio('sessions-distinct', 'daemon-distinct', 1, rate),
      sessionsVsOff64: ratio('sessions-distinct', 'daemon-distinct', 64, rate),
      provisionVsOff1: ratio('provision-distinct', 'daemon-distinct', 1, rate),
      provisionVsOff64: ratio('provision-distinct', 'daemon-distinct', 64, rate),
      p99DistinctVsFloor200: ratio('daemon-distinct', 'floor', 200, (one) => one.p99),
      execVsNode: medianRatio(
        pairs.map((pair) => pair.exec),
        pairs.map((pair) => pair.node),
      ),
      reloadLongestMs: median(reloads),
      coldFirstLoginMs: median(coldStarts),
      ...(baseline === undefined
        ? {}
        : {
            baselineDistinctVsFloor1: ratio('baseline-distinct', 'floor', 1, rate),
            baselineDistinctVsFloor64: ratio('baseline-distinct', 'floor', 64, rate),
            baselineP99DistinctVsFloor200: ratio(
              'baseline-distinct',
              'floor',
              200,
              (one) => one.p99,
            ),
            cpuDistinctVsBaseline: ratio(
              'daemon-distinct',
              'baseline-distinct',
              1,
              (one) => one.processorTime,
            ),
          }),
    },
    memory: { idleMB, after20000MB },
    processMilliseconds,
    backend: await measureBackends(),
  };
}

async function measureBackends() {
  const figures: Record<string, { threads: number; privateKB: number }> = {};
  for (const method of host.methods) {
    const all = [];
    for (let n = 0; n < 5; n += 1) {
      all.push(await measureBackend(host, method));
    }
    figures[method.name] = {
      threads: median(all.map((one) => one.threads)),
      privateKB: median(all.map((one) => one.privateKB)),
    };
  }
  return figures;
}

/** @returns the daemon's memory in MB after so many logins, each with another token; those of the rounds count as well. */
async function measureMemory(): Promise<number> {
  const method = host.methods.find((one) => one.name === 'daemon-distinct');
  if (method === undefined) {
    throw new Error('there is no daemon to look at');
  }
  for (let logins = 0; logins < MEMORY_LOGINS;) {
    logins += (await measureLogins(host, method, 8, 5)).logins;
    console.error(`daemon memory: ${logins} of ${MEMORY_LOGINS} logins`);
  }
  return host.daemon.memory();
}

function parseCounts(text: string): readonly number[] {
  return text.split(',').map(parseCount);
}
