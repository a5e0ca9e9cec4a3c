// What holds for a fleet of any size, shown by a small one: 20 hosts and 3 issuers, the daemon's own key stores, a virtual clock.
import { describe, expect, it } from 'vitest';

import * as scenarios from '../../bench/fleet/scenarios.ts';
import { createSimulatedFleet } from '../../bench/fleet/simulated-fleet.ts';

const HOSTS = 20;
const SMALL = { hosts: HOSTS, issuers: 3 };
/** Discovery and the key set. */
const REQUESTS = 2;
/** The defaults of `cache`, in seconds. */
const REFRESH_INTERVAL = 600;
const UNKNOWN_KEY_COOLDOWN = 30;
const MAX_STALE = 24 * 3600;
const LONGEST_RETRY = 30;
/** No answer takes longer. */
const LATENCY = 1;
const tell = (): void => undefined;

describe('a fleet', () => {
  it('asks each issuer between six and seven times an hour from each host', async () => {
    const { perHostAndHour } = await scenarios.simulateUsual(SMALL, tell);
    expect(perHostAndHour).toBeGreaterThanOrEqual((3600 / REFRESH_INTERVAL) * REQUESTS);
    expect(perHostAndHour).toBeLessThanOrEqual((3600 / (REFRESH_INTERVAL * 0.9) + 1) * REQUESTS);
  });

  it('that starts at once has all keys at once, and never asks in step again', async () => {
    const { served, firstSecond, peakAfter10Minutes, peakInLastHour } =
      await scenarios.simulateStart(SMALL, Infinity, tell);
    expect(served.missing).toBe(0);
    expect(served.last).toBeLessThan(1 + REQUESTS * LATENCY);
    expect(firstSecond).toBeGreaterThan(HOSTS);
    for (const peak of [peakAfter10Minutes, peakInLastHour]) expect(peak).toBeLessThan(HOSTS / 2);
  });

  it('would ask in step without random numbers, which is what the one before shows not to be so', async () => {
    const { peakAfter10Minutes } = await scenarios.simulateStart(
      { ...SMALL, spread: false },
      Infinity,
      tell,
    );
    expect(peakAfter10Minutes).toBeGreaterThan(HOSTS);
  });

  it('is served by an issuer that answers two requests in a second, where the least is 20 seconds', async () => {
    const { served } = await scenarios.simulateStart(SMALL, 2, tell);
    expect(served.missing).toBe(0);
    expect(served.last).toBeLessThan(10 * ((HOSTS * REQUESTS) / 2));
  });
});

describe('a rotation', () => {
  it('with notice is everywhere within refreshInterval, and refuses nobody', async () => {
    const { arrived, gone, logins } = await scenarios.simulateAnnouncedRotation(SMALL, tell);
    for (const times of [arrived, gone]) {
      expect(times.missing).toBe(0);
      expect(times.last).toBeLessThanOrEqual(REFRESH_INTERVAL + LATENCY);
    }
    expect(logins.refused).toEqual({});
    expect(logins.granted).toBeGreaterThan(1000);
  });

  it('without notice costs each host one retrieval more, and refuses nobody', async () => {
    const { arrived, logins, peakAfter10Minutes } = await scenarios.simulateSuddenRotation(
      SMALL,
      tell,
    );
    expect(arrived.missing).toBe(0);
    expect(logins.refused).toEqual({});
    expect(logins.granted).toBeGreaterThan(1000);
    expect(peakAfter10Minutes).toBeLessThan(HOSTS / 2);
  });
});

it('tokens with unknown kids cost one retrieval for each cooldown and host, at their issuer alone', async () => {
  const { mean, meanOfOther, logins } = await scenarios.simulateUnknownKeys(SMALL, tell);
  const most = (HOSTS * REQUESTS) / UNKNOWN_KEY_COOLDOWN;
  const usual = (HOSTS * REQUESTS) / (REFRESH_INTERVAL * 0.9);
  // The first one comes at the beginning of the first cooldown.
  expect(mean).toBeLessThanOrEqual((most + usual) * 1.1);
  expect(mean).toBeGreaterThan(2 * usual);
  expect(meanOfOther).toBeLessThanOrEqual(usual * 1.5);
  expect(logins.refused).toEqual({});
});

it('an outage is survived until maxStale, costs its issuer little, and ends within half a minute', async () => {
  const outage = await scenarios.simulateOutage(
    { hosts: 5, issuers: 2, hours: 24.5, maxStaleHours: MAX_STALE / 3600 },
    tell,
  );
  // Keys were up to refreshInterval old when it began. Hosts are looked at every minute.
  expect(outage.allUntil).toBeGreaterThanOrEqual(MAX_STALE - REFRESH_INTERVAL - 60);
  expect(outage.someUntil).toBeLessThanOrEqual(MAX_STALE + 60);
  expect(outage.loginsInTime.refused).toEqual({});
  expect(outage.loginsInTime.granted).toBeGreaterThan(500);
  // A refused connection is one request.
  expect(outage.mean).toBeLessThanOrEqual(5 / (LONGEST_RETRY / 2));
  expect(outage.unusableAtReturn).toBe(5);
  expect(outage.recovered.missing).toBe(0);
  expect(outage.recovered.last).toBeLessThanOrEqual(LONGEST_RETRY + REQUESTS * LATENCY);
});

it('an issuer that hangs is given up after http.timeout, and its host goes on with another one', async () => {
  using fleet = await createSimulatedFleet({ hosts: 1, issuers: 2 });
  const [hanging] = fleet.issuers;
  hanging!.state = 'hanging';
  fleet.start(0);
  await fleet.clock.advanceTo(1);
  expect(fleet.keysOn(0, 1)?.keys).toHaveLength(1);
  await fleet.clock.advanceTo(2.9);
  expect(hanging!.requests).toEqual([1]);
  // 3 seconds, and a second at most.
  await fleet.clock.advanceTo(4.1);
  expect(hanging!.requests.reduce((sum, count) => sum + count, 0)).toBe(2);
  expect(fleet.keysOn(0, 0)).toBeUndefined();
});

it('the same seed makes the same figures', async () => {
  const [one, same, other] = await runInTurn([1, 1, 2]);
  expect(one).toEqual(same);
  expect(one).not.toEqual(other);
});

async function runInTurn(seeds: readonly number[]): Promise<readonly unknown[]> {
  const figures: unknown[] = [];
  for (const seed of seeds) {
    figures.push(await scenarios.simulateSuddenRotation({ ...SMALL, seed }, tell));
  }
  return figures;
}
