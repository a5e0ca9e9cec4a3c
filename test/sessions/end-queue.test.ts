// Sessions that wait for their end.
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { createEndQueue } from '../../src/sessions/end-queue.ts';
import type { PlacedSession } from '../../src/sessions/session.ts';
import type { ServerLink } from '../../src/sessions/server-links.ts';
import { newSession } from './new-session.ts';

const EXPIRED = { cause: 'expired' } as const;
const DENIED = { cause: 'denied' } as const;

function session(id: number, server = 'main'): PlacedSession {
  return {
    ...newSession({ pid: id + 100 }),
    id,
    place: { server, started: String(id), roleID: '7' },
  };
}

function create() {
  let uptime = 0;
  const outcomes: unknown[] = [];
  const asked: string[] = [];
  const queue = createEndQueue(
    () => uptime,
    ({ id }, { cause }, outcome) => void outcomes.push([id, cause, outcome]),
  );
  /** A server; fails where it is told to. */
  const link = (name: string, of: { fails?: boolean; before?: () => void } = {}): ServerLink => ({
    name,
    isUp: undefined,
    isAbsent: false,
    use: async (what, kind) => {
      asked.push(`${name} ${kind}`);
      of.before?.();
      if (of.fails === true) return undefined;
      return what({
        query: async (_text, [pids]) =>
          z
            .array(z.int())
            .parse(pids)
            .filter((pid) => pid !== 107)
            .map((pid) => ({ pid, signalled: pid === 108 ? null : true })),
        close: () => undefined,
      });
    },
  });
  const pass = (seconds: number): void => {
    uptime += seconds;
  };
  return { queue, outcomes, asked, link, pass };
}

describe('sessions that are to end', () => {
  it('end in the order in which they came, 25 of each server at a time', async () => {
    const { queue, outcomes, link } = create();
    for (let id = 10; id < 40; id += 1) queue.add(session(id), EXPIRED);
    queue.add(session(50, 'other'), EXPIRED);
    await queue.endSome([link('main'), link('other')]);
    expect(outcomes.length).toBe(26);
    expect(queue.size).toBe(5);
    await queue.endSome([link('main'), link('other')]);
    expect(queue.size).toBe(0);
    expect(outcomes.filter((one) => JSON.stringify(one).startsWith('[50,'))).toHaveLength(1);
  });

  it('are told of with what came of each', async () => {
    const { queue, outcomes, link } = create();
    [6, 7, 8].forEach((id) => {
      queue.add(session(id), DENIED);
    });
    await queue.endSome([link('main')]);
    expect(outcomes).toEqual([
      [6, 'denied', 'ended'],
      [7, 'denied', 'gone'],
      [8, 'denied', 'superuser'],
    ]);
  });

  it('keep the reason for which they were added first', async () => {
    const { queue, outcomes, link } = create();
    queue.add(session(1), EXPIRED);
    queue.add(session(1), DENIED);
    expect(queue.size).toBe(1);
    expect(queue.reasonOf(1)).toBe(EXPIRED);
    expect(queue.reasonOf(2)).toBeUndefined();
    await queue.endSome([link('main')]);
    expect(outcomes).toEqual([[1, 'expired', 'ended']]);
  });

  it('wait for their own server, and cost others nothing', async () => {
    const { queue, asked, link } = create();
    queue.add(session(1, 'gone'), EXPIRED);
    await queue.endSome([link('main')]);
    expect(asked).toEqual([]);
    expect(queue.size).toBe(1);
  });

  it('that were removed while the server was asked are not told of', async () => {
    const { queue, outcomes, link } = create();
    queue.add(session(1), EXPIRED);
    await queue.endSome([
      link('main', {
        before: () => {
          queue.remove(1);
        },
      }),
    ]);
    expect(outcomes).toEqual([]);
  });

  it('of a server that does not end them are tried again ever more seldom, up to every 15 s', async () => {
    const { queue, asked, link, pass } = create();
    queue.add(session(1), EXPIRED);
    const main = link('main', { fails: true });
    for (const [attempt, wait] of [0.5, 1, 2, 4, 8, 15, 15].entries()) {
      await queue.endSome([main]);
      expect(asked).toHaveLength(attempt + 1);
      pass(wait - 0.1);
      await queue.endSome([main]);
      expect(asked).toHaveLength(attempt + 1);
      pass(0.1);
    }
    await queue.endSome([link('main')]);
    expect(queue.size).toBe(0);
    expect(asked[0]).toBe('main end');
    queue.add(session(2), EXPIRED);
    await queue.endSome([link('main')]);
    expect(queue.size).toBe(0);
  });
});
