// Five hundred sessions of a real server that are to end in one moment: all of them end, and nobody else's.
import { expect, it } from 'vitest';

import { type HeldSession, holdSession } from '../../support/hold-session.ts';
import { startSessionHost } from '../../support/start-session-host.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';
import { endsOf } from './session-host.ts';

const [ROLE, OTHER] = ['foo:one', 'foo:two'];
const STORM = 500;
const BYSTANDERS = 20;
/** Logins at a time. */
const AT_A_TIME = 25;
const ENDS = { end: ['expired', 'denied'] };
/** The longest that all of it may take on a busy machine, in milliseconds. */
const HANG_LIMIT = 240_000;

it(
  'five hundred sessions that are denied by one reload all end, and no other',
  async () => {
    await using on = await startSessionHost([ROLE, OTHER], { max_connections: String(STORM + 50) });
    await using daemon = await on.host.startDaemon({ issuers: [on.entry(ENDS)], top: on.top });
    const openAll = async (count: number, role: string): Promise<readonly HeldSession[]> => {
      const open = async (): Promise<HeldSession> => {
        const now = Math.floor(Date.now() / 1000);
        const sub = `system:serviceaccount:${role}`;
        const password = await on.issuer.mint({ sub, iat: now, exp: now + 3600 });
        return holdSession(async () => on.host.cluster.connect({ role, password }));
      };
      const sessions: HeldSession[] = [];
      while (sessions.length < count) {
        const next = Math.min(AT_A_TIME, count - sessions.length);
        sessions.push(...(await Promise.all(Array.from({ length: next }, open))));
      }
      return sessions;
    };

    const others = await openAll(BYSTANDERS, OTHER);
    const storm = await openAll(STORM, ROLE);
    const deny = { subjects: [`system:serviceaccount:${ROLE}`] };
    await on.host.installation.writeConfig(writeIssuersYAML([on.entry(ENDS, { deny })], on.top));
    const ends = await Promise.all(storm.map(async (session) => session.ended(HANG_LIMIT)));
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set(['57P01']));
    await expect.poll(() => endsOf(daemon).length, { timeout: HANG_LIMIT }).toBe(STORM);
    expect(new Set(endsOf(daemon).map(({ pid }) => pid))).toEqual(
      new Set(storm.map(({ pid }) => pid)),
    );
    expect(others.every((session) => session.isOpen())).toBe(true);
    await Promise.all(others.map(async (session) => session.close()));
  },
  HANG_LIMIT,
);
