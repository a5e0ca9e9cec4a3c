// What happens to a fleet and its issuers: each scenario makes a fleet of its own and returns figures. Times are seconds of the
// virtual clock.
import {
  createSimulatedFleet,
  type FleetOptions,
  type LoginCounts,
  type SimulatedFleet,
} from './simulated-fleet.ts';

/** Told how far a scenario is, from 0 to 1. */
export type Tell = (part: number) => void;

/** Requests in each second, of one issuer or more together. */
export type Requests = readonly number[];

const MINUTE = 60;
const HOUR = 3600;
/** Hosts that have been up for this long are as they are from then on: spread by themselves. */
const WARM_UP = 2 * HOUR;
/** Seconds between two logins on one host by tokens of one issuer, on average. */
const LOGIN_INTERVAL = 30;

/** Hosts that have been running for long: how often they ask. */
export async function simulateUsual(options: FleetOptions, tell: Tell) {
  using fleet = await createSimulatedFleet(options);
  await runUsual(fleet, options, tell, 0.75);
  await advance(fleet, WARM_UP + HOUR, tell, [0.75, 1]);
  const seconds = fleet.issuers.map(({ requests }) => sliceOf(requests, WARM_UP, HOUR));
  return {
    /** Requests of one host to one issuer in an hour, on average. */
    perHostAndHour: sumOf(seconds.flat()) / options.hosts / options.issuers,
    /** In a second, on average over the issuers. */
    mean: sumOf(seconds.flat()) / HOUR / options.issuers,
    /** In the worst second of any issuer. */
    peak: peakOf(seconds.flat()),
    requests: seconds[0] ?? [],
  };
}

/** All hosts start within a second, and none has keys on disk. */
export async function simulateStart(options: FleetOptions, capacity: number, tell: Tell) {
  using fleet = await createSimulatedFleet(options);
  for (const issuer of fleet.issuers) issuer.capacity = capacity;
  const served = new Map<string, number>();
  fleet.onKeys = (host, issuer) => {
    const place = `${host} ${issuer}`;
    if (!served.has(place)) served.set(place, fleet.clock.now());
  };
  startWithin(fleet, options.hosts, 1);
  await advance(fleet, 2 * HOUR, tell, [0, 1]);
  const { requests } = fleet.issuers[0] ?? { requests: [] };
  return {
    served: describeTimes([...served.values()], options.hosts * options.issuers),
    firstSecond: requests[0] ?? 0,
    /** In the worst second of each stretch of the time after that. */
    peakAfter10Minutes: peakOf(sliceOf(requests, 9 * MINUTE, 10 * MINUTE)),
    peakInLastHour: peakOf(sliceOf(requests, HOUR, HOUR)),
    requests: sliceOf(requests, 0, 2 * HOUR),
  };
}

/** A key is published, signs a quarter of an hour later, and takes the place of the old one after as long again. */
export async function simulateAnnouncedRotation(options: FleetOptions, tell: Tell) {
  using fleet = await createSimulatedFleet(options);
  const first = await fleet.makeKey('first');
  const second = await fleet.makeKey('second');
  await runUsual(fleet, options, tell, 0.5);
  const published = WARM_UP;
  const signs = published + 15 * MINUTE;
  const withdrawn = signs + 15 * MINUTE;
  const end = withdrawn + 15 * MINUTE;
  const arrived = new Map<number, number>();
  const gone = new Map<number, number>();
  fleet.onKeys = (host, issuer, { keys }) => {
    if (issuer !== 0) return;
    const now = fleet.clock.now();
    const kids = keys.map(({ kid }) => kid);
    if (kids.includes('second') && !arrived.has(host)) arrived.set(host, now - published);
    if (!kids.includes('first') && !gone.has(host)) gone.set(host, now - withdrawn);
  };
  const kid = (): string => (fleet.clock.now() < signs ? 'first' : 'second');
  const logins = fleet.logIn(0, kid, LOGIN_INTERVAL, end);
  fleet.issuers[0]?.publish([first, second]);
  await advance(fleet, withdrawn, tell, [0.5, 0.8]);
  fleet.issuers[0]?.publish([second]);
  await advance(fleet, end, tell, [0.8, 1]);
  return {
    arrived: describeTimes([...arrived.values()], options.hosts),
    gone: describeTimes([...gone.values()], options.hosts),
    logins: addUp(logins),
    peak: peakOf(sliceOf(fleet.issuers[0]?.requests ?? [], WARM_UP, end - WARM_UP)),
  };
}

/** A key signs from the moment at which it is published, in the place of the old one. */
export async function simulateSuddenRotation(options: FleetOptions, tell: Tell) {
  using fleet = await createSimulatedFleet(options);
  const second = await fleet.makeKey('second');
  await runUsual(fleet, options, tell, 0.6);
  const arrived = new Map<number, number>();
  fleet.onKeys = (host, issuer, { keys }) => {
    if (issuer === 0 && !arrived.has(host) && keys.some(({ kid }) => kid === 'second')) {
      arrived.set(host, fleet.clock.now() - WARM_UP);
    }
  };
  const logins = fleet.logIn(0, () => 'second', LOGIN_INTERVAL, WARM_UP + HOUR);
  fleet.issuers[0]?.publish([second]);
  await advance(fleet, WARM_UP + HOUR, tell, [0.6, 1]);
  const requests = sliceOf(fleet.issuers[0]?.requests ?? [], WARM_UP, HOUR);
  return {
    arrived: describeTimes([...arrived.values()], options.hosts),
    logins: addUp(logins),
    peak: peakOf(requests),
    peakAfter10Minutes: peakOf(requests.slice(9 * MINUTE)),
    requests: sliceOf(fleet.issuers[0]?.requests ?? [], WARM_UP - 5 * MINUTE, 30 * MINUTE),
  };
}

/** Somebody sends each host tokens whose `kid` nobody has, one in a second, for ten minutes. */
export async function simulateUnknownKeys(options: FleetOptions, tell: Tell) {
  using fleet = await createSimulatedFleet(options);
  await runUsual(fleet, options, tell, 0.7);
  const end = WARM_UP + 10 * MINUTE;
  fleet.logIn(0, () => 'nobody', 1, end);
  const logins = fleet.logIn(0, () => 'first', LOGIN_INTERVAL, end);
  await advance(fleet, end, tell, [0.7, 1]);
  const requests = sliceOf(fleet.issuers[0]?.requests ?? [], WARM_UP, end - WARM_UP);
  const other = sliceOf(fleet.issuers[1]?.requests ?? [], WARM_UP, end - WARM_UP);
  return {
    mean: sumOf(requests) / requests.length,
    /** Once each host has looked for the first time. */
    peakAfterCooldown: peakOf(requests.slice(MINUTE)),
    peak: peakOf(requests),
    meanOfOther: sumOf(other) / other.length,
    logins: addUp(logins),
  };
}

/**
 * An issuer accepts no connection for so many hours. Half of the hosts are restarted in the middle of it, with their keys on disk.
 */
export async function simulateOutage(
  options: FleetOptions & { readonly hours: number; readonly maxStaleHours: number },
  tell: Tell,
) {
  using fleet = await createSimulatedFleet(options);
  await runUsual(fleet, options, tell, 0.1);
  const [down, other] = fleet.issuers;
  if (down === undefined || other === undefined) throw new Error('it takes two issuers');
  const back = WARM_UP + options.hours * HOUR;
  const end = back + 2 * HOUR;
  const seen: { readonly at: number; readonly usable: number }[] = [];
  const look = (): void => {
    let usable = 0;
    for (let host = 0; host < options.hosts; host += 1) {
      if ((fleet.keysOn(host, 0)?.keys.length ?? 0) > 0) usable += 1;
    }
    seen.push({ at: fleet.clock.now() - WARM_UP, usable });
  };
  down.state = 'refusing';
  // Logins in the middle would show nothing but that they are granted; there are some for the restarts.
  const before = fleet.logIn(0, () => 'first', 10 * MINUTE, back);
  const restarts = WARM_UP + (options.hours / 2) * HOUR;
  await advance(fleet, restarts, tell, [0.1, 0.5], look);
  for (let host = 0; host < options.hosts; host += 2) {
    fleet.clock.at(restarts + fleet.random() * 10 * MINUTE, () => {
      fleet.stop(host);
      fleet.start(host);
    });
  }
  await advance(fleet, back, tell, [0.5, 0.9], look);
  down.state = 'up';
  const usableAgain: number[] = [];
  const waiting = new Set(
    Array.from({ length: options.hosts }, (_, host) => host).filter(
      (host) => fleet.keysOn(host, 0) === undefined,
    ),
  );
  const unusable = waiting.size;
  for (let second = 1; second <= 5 * MINUTE && waiting.size > 0; second += 1) {
    await fleet.clock.advanceTo(back + second);
    for (const host of waiting) {
      if (fleet.keysOn(host, 0) !== undefined) {
        waiting.delete(host);
        usableAgain.push(second);
      }
    }
  }
  await advance(fleet, end, tell, [0.9, 1], look);
  const during = sliceOf(down.requests, WARM_UP + HOUR, back - WARM_UP - HOUR);
  const after = sliceOf(down.requests, back, end - back);
  const otherDuring = sliceOf(other.requests, WARM_UP, back - WARM_UP);
  const full = seen.filter(({ usable }) => usable === options.hosts);
  const beforeReturn = seen.filter(({ at }) => at <= back - WARM_UP);
  return {
    mean: sumOf(during) / during.length,
    peak: peakOf(during),
    meanOfOther: sumOf(otherDuring) / otherDuring.length,
    /** Minutes of the outage, by the minute: until all hosts, and until the last of them, went on. */
    allUntil: Math.max(...full.filter(({ at }) => at <= back - WARM_UP).map(({ at }) => at)),
    someUntil: Math.max(...beforeReturn.filter(({ usable }) => usable > 0).map(({ at }) => at)),
    unusableAtReturn: unusable,
    recovered: describeTimes(usableAgain, unusable),
    peakOfReturn: peakOf(after.slice(0, 5 * MINUTE)),
    peakLater: peakOf(after.slice(5 * MINUTE)),
    loginsInTime: addUp(
      new Map(
        [...before].filter(
          ([minute]) => minute * MINUTE < WARM_UP + (options.maxStaleHours - 1) * HOUR,
        ),
      ),
    ),
    requests: sliceOf(down.requests, WARM_UP - HOUR, end - WARM_UP + HOUR),
    usable: seen,
  };
}

function startWithin(fleet: SimulatedFleet, hosts: number, seconds: number): void {
  for (let host = 0; host < hosts; host += 1) {
    fleet.clock.at(fleet.clock.now() + fleet.random() * seconds, () => {
      fleet.start(host);
    });
  }
}

async function runUsual(
  fleet: SimulatedFleet,
  { hosts }: FleetOptions,
  tell: Tell,
  part: number,
): Promise<void> {
  startWithin(fleet, hosts, HOUR);
  await advance(fleet, WARM_UP, tell, [0, part]);
}

/** Advances minute by minute. @param look what is done after each. */
async function advance(
  fleet: SimulatedFleet,
  until: number,
  tell: Tell,
  [from, to]: readonly [number, number],
  look: () => void = () => undefined,
): Promise<void> {
  const begin = fleet.clock.now();
  for (let now = begin; now < until; now = Math.min(now + MINUTE, until)) {
    await fleet.clock.advanceTo(Math.min(now + MINUTE, until));
    look();
    tell(from + ((to - from) * (fleet.clock.now() - begin)) / (until - begin));
  }
}

/** Times of which some may be missing, as when a host never got there. */
export interface Times {
  readonly missing: number;
  readonly median: number;
  readonly p99: number;
  readonly last: number;
}

function describeTimes(times: readonly number[], expected: number): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Infinity;
  return { missing: expected - times.length, median: at(0.5), p99: at(0.99), last: at(1) };
}

/** What came of all logins. */
function addUp(minutes: ReadonlyMap<number, LoginCounts>): LoginCounts {
  const sum: LoginCounts = { granted: 0, refused: {} };
  for (const { granted, refused } of minutes.values()) {
    sum.granted += granted;
    for (const [code, count] of Object.entries(refused)) {
      sum.refused[code] = (sum.refused[code] ?? 0) + count;
    }
  }
  return sum;
}

function sliceOf(requests: Requests, from: number, length: number): readonly number[] {
  return Array.from({ length }, (_, second) => requests[from + second] ?? 0);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function peakOf(values: readonly number[]): number {
  return values.reduce((peak, value) => Math.max(peak, value), 0);
}
