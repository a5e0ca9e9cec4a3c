// `npm run bench`: what a login costs by each method, on one host, in paired rounds.
//
// Every round measures every method, a second at a time, there and back again, so that whatever else the machine does, and
// whatever a method leaves behind for the next one, falls on all of them; ratios are medians of the rounds' own ratios.
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import {
  type BenchHost,
  type Method,
  METHOD_NAMES,
  readProcFigure,
  startBenchHost,
} from './bench-host.ts';
import { measureBackend, measureExec, measureLogins } from './measure.ts';
import { drawPlot, formatTable, type Series } from './report.ts';
import { median, medianRatio } from './statistics.ts';

interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly only?: string;
  readonly json?: string;
  readonly plot?: string;
}

const CLIENTS = [1, 8, 64] as const;
/** Pairs of whole processes in each round. */
const PAIRS = 10;
/** Logins before memory is looked at for the first time, and again before the second. */
const MEMORY_LOGINS = 10_000;

const options = new Command('bench')
  .description(
    'Measures logins by each method against each other on one throwaway PostgreSQL server.',
  )
  .option('--rounds <number>', 'paired rounds', count, 5)
  .option('--seconds <number>', 'turns of a second for each method in each round', count, 4)
  .option('--only <name>', 'measure one method alone')
  .option('--json <file>', 'write the figures as JSON')
  .option('--plot <file>', 'draw the medians as SVG')
  .parse()
  .opts<BenchOptions>();

if (options.only !== undefined && !METHOD_NAMES.includes(options.only)) {
  console.error(`bench: no method ${options.only}; expected one of ${METHOD_NAMES.join(', ')}`);
  process.exit(2);
}
await using host = await startBenchHost();
const methods = host.methods.filter(
  (method) => options.only === undefined || method.name === options.only,
);
const series = await measureRates(host);
console.log(`\n${formatTable(series)}`);
const whole = options.only === undefined ? await measureWhole(host, series) : undefined;
if (whole !== undefined) {
  console.log(`\n${JSON.stringify(whole, undefined, 2)}`);
}
if (options.json !== undefined) {
  await writeFile(options.json, `${JSON.stringify({ series, ...whole }, undefined, 2)}\n`);
}
if (options.plot !== undefined) {
  await writeFile(options.plot, drawPlot(series));
}

async function measureRates(measured: BenchHost): Promise<readonly Series[]> {
  const rates = new Map<string, Series & { readonly rates: number[] }>();
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const clients of CLIENTS) {
      for (const [method, rate] of await measureInTurns(measured, clients)) {
        const key = `${method.name} ${clients}`;
        const one = rates.get(key) ?? { method: method.name, clients, rates: [] };
        one.rates.push(rate);
        rates.set(key, one);
        console.error(
          `round ${round}/${options.rounds}: ${method.name}, ${clients} clients: ${rate.toFixed(1)} logins/s`,
        );
      }
    }
  }
  return [...rates.values()];
}

/** @returns the mean rate of each method over its turns. */
async function measureInTurns(
  measured: BenchHost,
  clients: number,
): Promise<ReadonlyMap<Method, number>> {
  const rates = new Map<Method, number>(methods.map((method) => [method, 0]));
  for (let turn = 0; turn < options.seconds; turn += 1) {
    for (const method of turn % 2 === 0 ? methods : methods.toReversed()) {
      const rate = await measureLogins(measured, method, clients, { seconds: 1 });
      rates.set(method, (rates.get(method) ?? 0) + rate / options.seconds);
    }
  }
  return rates;
}

async function measureWhole(measured: BenchHost, all: readonly Series[]) {
  const ratesOf = (method: string, clients: number): readonly number[] => {
    const found = all.find((one) => one.method === method && one.clients === clients);
    if (found === undefined) {
      throw new Error(`${method} was not measured with ${clients} clients`);
    }
    return found.rates;
  };
  const pairs = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const timed = await measureExec(measured, PAIRS);
    pairs.push({
      node: median(timed.map((pair) => pair.node)),
      exec: median(timed.map((pair) => pair.exec)),
    });
  }
  const ratios = {
    daemonVsFloor1: medianRatio(ratesOf('daemon', 1), ratesOf('floor', 1)),
    daemonVsFloor64: medianRatio(ratesOf('daemon', 64), ratesOf('floor', 64)),
    daemonVsScram1: medianRatio(ratesOf('daemon', 1), ratesOf('scram', 1)),
    execVsNode: medianRatio(
      pairs.map((pair) => pair.exec),
      pairs.map((pair) => pair.node),
    ),
  };
  const processMilliseconds = {
    node: median(pairs.map((pair) => pair.node)),
    exec: median(pairs.map((pair) => pair.exec)),
  };
  return {
    ratios,
    processMilliseconds,
    backend: await measureBackends(measured),
    daemonMemory: await measureDaemonMemory(measured),
  };
}

async function measureBackends(measured: BenchHost) {
  const figures: Record<string, { threads: number; privateKB: number }> = {};
  for (const method of measured.methods) {
    const all = [];
    for (let n = 0; n < 5; n += 1) {
      all.push(await measureBackend(measured, method));
    }
    figures[method.name] = {
      threads: median(all.map((one) => one.threads)),
      privateKB: median(all.map((one) => one.privateKB)),
    };
  }
  return figures;
}

async function measureDaemonMemory(measured: BenchHost) {
  const method = measured.methods.find((one) => one.name === 'daemon');
  if (method === undefined) {
    throw new Error('there is no daemon to look at');
  }
  const residentKB = [];
  for (const turn of [1, 2]) {
    console.error(`daemon memory: logins up to ${turn * MEMORY_LOGINS}`);
    await measureLogins(measured, method, 8, { loginsPerClient: MEMORY_LOGINS / 8 });
    residentKB.push(await readProcFigure(measured.daemonPID, 'status', 'VmRSS'));
  }
  const [after10000 = NaN, after20000 = NaN] = residentKB;
  return { after10000, after20000, growth: after20000 / after10000 - 1 };
}

function count(value: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(value)) {
    throw new InvalidArgumentError('expected a number from 1 to 9999');
  }
  return Number(value);
}
