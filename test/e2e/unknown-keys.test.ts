// What tokens that name keys nobody has cost the issuer: one retrieval for each cooldown, whoever sends them and however many.
// All that the issuer is asked is counted at the issuer; other retrievals are kept out by a refresh interval of days.
import { expect, it } from 'vitest';

import { askDaemon } from '../support/ask-daemon.ts';
import { entryOf } from '../support/entry-of.ts';
import type { Issuer } from '../support/issuer.ts';
import { DAEMON_SERVICE } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { countOutcomes, tryLogin } from '../support/try-logins.ts';
import { useDaemonHost } from '../support/use-daemon-host.ts';

const ROLE = 'foo:myservice';
const KEYS = 2;

const on = useDaemonHost(ROLE);

const newIssuer = async (): Promise<Issuer> => on.newIssuer({ algorithms: ['ES256', 'RS256'] });

/** A daemon that has the issuer's keys and will not refresh them. */
async function start(issuer: Issuer, unknownKeyCooldown: string): Promise<DaemonProcess> {
  const daemon = await on.host.startDaemon({
    issuers: [
      entryOf('cluster', issuer, {
        cache: { refreshInterval: '7d', maxStale: '7d', unknownKeyCooldown },
      }),
    ],
  });
  expect(await tryLogin(on.host.cluster, { role: ROLE, password: await issuer.mint() })).toBe(
    'granted',
  );
  return daemon;
}

/** Retrievals so far; each is one request of either kind. */
function retrievals(issuer: Issuer): number {
  expect(issuer.requestCount('discovery')).toBe(issuer.requestCount('jwks'));
  return issuer.requestCount('jwks');
}

const unknown = async (issuer: Issuer, kid: string): Promise<string> =>
  issuer.mint({}, { key: 'ES256', header: { kid } });
const refusalOf = (kid: string): string =>
  `denied ERR_KEY_UNKNOWN the issuer has ${KEYS} keys, none with kid "${kid}". HINT: ` +
  'The token may come from another cluster with the same issuer URL, or be signed by a key that is no longer published.';

/** Does the job for each of so many numbers, as many at a time as given. */
async function eachOf(
  count: number,
  atOnce: number,
  job: (at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await job(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

it('1,000 different ones at once cost one retrieval within the cooldown, and good logins go on', async () => {
  await using issuer = await newIssuer();
  await using daemon = await start(issuer, '1d');
  const before = retrievals(issuer);
  expect(before).toBe(1);
  const kids = Array.from({ length: 1000 }, (_, at) => `unknown-${at}`);
  const tokens = await Promise.all(kids.map(async (kid) => unknown(issuer, kid)));
  const good = { role: ROLE, password: await issuer.mint() };

  const replies: string[] = [];
  const logins: string[] = [];
  const flooding = { isOver: false };
  const flood = eachOf(kids.length, 200, async (at) => {
    const request = { user: ROLE, service: DAEMON_SERVICE, token: tokens[at]! };
    replies[at] = await askDaemon(on.host.socket, request);
  }).finally(() => (flooding.isOver = true));
  do {
    logins.push(await tryLogin(on.host.cluster, good));
  } while (!flooding.isOver);
  await flood;

  expect(replies).toEqual(kids.map(refusalOf));
  expect(logins).toEqual(logins.map(() => 'granted'));
  expect(retrievals(issuer)).toBe(before + 1);

  // Real logins, of which the first comes within the same cooldown.
  const mark = await on.host.cluster.log.mark();
  const late = Array.from({ length: 50 }, (_, at) => `late-${at}`);
  const outcomes = await Promise.all(
    late.map(async (kid) =>
      tryLogin(on.host.cluster, { role: ROLE, password: await unknown(issuer, kid) }),
    ),
  );
  expect(countOutcomes(outcomes)).toEqual({
    [`PAM authentication failed for user "${ROLE}"`]: 50,
  });
  const reasons = (await on.host.cluster.log.since(mark))
    .split('\n')
    .map((line) => / pgtoken: (.*)$/.exec(line)?.[1])
    .filter((reason) => reason !== undefined);
  expect(reasons.toSorted()).toEqual(late.map(refusalOf).toSorted());
  expect(retrievals(issuer)).toBe(before + 1);
  expect(await daemon.stop()).toBe(0);
});

it('without pause they cost one retrieval for each cooldown, and no fewer', async () => {
  await using issuer = await newIssuer();
  await using _daemon = await start(issuer, '1s');
  const before = retrievals(issuer);
  const from = performance.now();
  let asked = 0;
  while (retrievals(issuer) < before + 3) {
    await eachOf(50, 50, async () => {
      asked += 1;
      const kid = `unknown-${asked}`;
      const token = await unknown(issuer, kid);
      const reply = await askDaemon(on.host.socket, { user: ROLE, service: DAEMON_SERVICE, token });
      expect(reply).toBe(refusalOf(kid));
    });
  }
  // Within the time that has passed here, which is more than passed for the daemon.
  const cooldowns = (performance.now() - from) / 1000;
  expect(retrievals(issuer) - before).toBeLessThanOrEqual(1 + Math.floor(cooldowns));
});

it('20 logins at once with a key that was just published share one retrieval, and are granted', async () => {
  await using issuer = await newIssuer();
  await using _daemon = await start(issuer, '1d');
  const before = retrievals(issuer);
  const key = await issuer.addKey('ES256');
  const logins = Array.from({ length: 20 }, async () =>
    tryLogin(on.host.cluster, { role: ROLE, password: await issuer.mint({}, { key: key.kid }) }),
  );
  expect(countOutcomes(await Promise.all(logins))).toEqual({ granted: 20 });
  expect(retrievals(issuer)).toBe(before + 1);
});
