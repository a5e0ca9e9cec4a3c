// One issuer hangs; another's logins go on. What is asserted is the order of events, which the test determines itself: the one
// issuer answers when it is told to, and not before the other's logins have ended. bench/hanging-issuer.ts has the times.
import { describe, expect, it } from 'vitest';

import { countWaitingBackends } from '../support/count-waiting-backends.ts';
import { entryOf } from '../support/entry-of.ts';
import type { Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { tryLogin } from '../support/try-logins.ts';
import { useDaemonHost } from '../support/use-daemon-host.ts';

const ROLE = 'foo:myservice';
const HANGING = 20;

const on = useDaemonHost(ROLE, { moduleTimeout: 50 });

const { newIssuer } = on;
const start = async (issuers: Readonly<Record<string, Issuer>>): Promise<DaemonProcess> =>
  on.host.startDaemon({
    issuers: Object.entries(issuers).map(([name, issuer]) =>
      entryOf(name, issuer, { http: { timeout: '40s' } }),
    ),
    args: ['--deadline=45s'],
  });
const loginOf = async (issuer: Issuer) => ({ role: ROLE, password: await issuer.mint() });

/** Logins that wait, and how each of them ended. */
interface Waiting {
  readonly ended: readonly string[];
  readonly all: Promise<unknown>;
}

async function startWaiting(issuer: Issuer): Promise<Waiting> {
  const login = await loginOf(issuer);
  const ended: string[] = [];
  const all = Promise.all(
    Array.from({ length: HANGING }, async () => {
      ended.push(await tryLogin(on.host.cluster, login));
    }),
  );
  await poll(
    `${HANGING} logins that wait`,
    async () => (await countWaitingBackends(on.host.cluster)) >= HANGING || undefined,
  );
  return { ended, all };
}

interface Hang {
  readonly how: string;
  /** Lets the issuer hang, and returns what ends it. */
  readonly hold: (issuer: Issuer) => Promise<() => void | Promise<void>>;
  /** What it was asked meanwhile, as far as it comes to requests. */
  readonly asked: readonly string[];
  /** What those who waited for it are told then. */
  readonly afterwards: string;
}

const HANGS: readonly Hang[] = [
  {
    how: 'with the request',
    hold: async (issuer) => issuer.hold(),
    asked: ['/.well-known/openid-configuration'],
    afterwards: 'granted',
  },
  {
    how: 'with the connection',
    hold: async (issuer) => {
      await issuer.fail('hang-before-tls');
      return issuer.recover;
    },
    asked: [],
    // The connection is lost then, and the retrieval with it.
    afterwards: `PAM authentication failed for user "${ROLE}"`,
  },
];

describe.each(HANGS)('an issuer that hangs $how', ({ hold, asked, afterwards }) => {
  it('from the start holds up its own logins alone', async () => {
    await using hangs = await newIssuer();
    await using works = await newIssuer();
    const answer = await hold(hangs);
    await using daemon = await start({ hangs, works });
    const waiting = await startWaiting(hangs);
    const good = await loginOf(works);
    for (let count = 0; count < 30; count += 1) {
      expect(await tryLogin(on.host.cluster, good)).toBe('granted');
      expect(waiting.ended).toEqual([]);
    }
    // Not for lack of trying: the issuer was asked and owes the answer.
    expect(await countWaitingBackends(on.host.cluster)).toBe(HANGING);
    expect(hangs.requests.map(({ path }) => path)).toEqual(asked);
    await answer();
    await waiting.all;
    expect(waiting.ended).toEqual(Array.from({ length: HANGING }, () => afterwards));
    await poll(
      'a login of the issuer that hung',
      async () =>
        (await tryLogin(on.host.cluster, await loginOf(hangs))) === 'granted' || undefined,
    );
    expect(await daemon.stop()).toBe(0);
  });

  it('for a key it is asked for keeps no other issuer from bringing a new key', async () => {
    await using hangs = await newIssuer();
    await using works = await newIssuer();
    await using daemon = await start({ hangs, works });
    const known = await loginOf(hangs);
    for (const login of [known, await loginOf(works)]) {
      expect(await tryLogin(on.host.cluster, login)).toBe('granted');
    }
    const answer = await hold(hangs);
    await hangs.addKey('ES256');
    const waiting = await startWaiting(hangs); // their key is the new one
    await works.addKey('ES256');
    expect(await tryLogin(on.host.cluster, await loginOf(works))).toBe('granted');
    // Nor does it hold up its own logins by a key that is at hand.
    expect(await tryLogin(on.host.cluster, known)).toBe('granted');
    expect(waiting.ended).toEqual([]);
    await answer();
    await waiting.all;
    expect(waiting.ended).toEqual(Array.from({ length: HANGING }, () => afterwards));
    expect(await daemon.stop()).toBe(0);
  });
});
