// Logins that were just granted are looked for, soon and then ever more seldom.
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import type { ServerLink } from '../../src/sessions/server-links.ts';
import { createPlacing } from '../../src/sessions/place-sessions.ts';
import type { Session } from '../../src/sessions/session.ts';
import { newSession } from './new-session.ts';

const GRANTED = 1_767_225_600;

function session(id: number, pid: number, grantedUptime = 0): Session {
  return { ...newSession({ pid, grantedAt: GRANTED, grantedUptime }), id };
}

function create(servers = ['main']) {
  let uptime = 0;
  const told: unknown[] = [];
  const looks: number[] = [];
  const backends: { server: string; pid: number }[] = [];
  const state = {
    fails: undefined as string | undefined,
    absent: undefined as string | undefined,
    isTaken: false,
  };
  const links = servers.map((name): ServerLink => ({
    name,
    isUp: undefined,
    get isAbsent() {
      return state.absent === name;
    },
    use: async (what) => {
      looks.push(uptime);
      if (state.fails === name || state.absent === name) return undefined;
      return what({
        query: async (_text, [pids]) =>
          backends
            .filter(
              ({ server, pid }) => server === name && z.array(z.int()).parse(pids).includes(pid),
            )
            .map(({ pid }) => ({
              pid,
              role: 'app',
              roleID: '7',
              started: String(GRANTED * 1e6 - 1000),
              address: null,
              isSuperuser: false,
            })),
        close: () => undefined,
      });
    },
  }));
  const placing = createPlacing({ all: () => links }, () => uptime, {
    onPlaced: ({ id }, { server }) => void told.push([id, server]),
    onGone: ({ id }) => void told.push([id, 'gone']),
    onAmbiguous: ({ id }) => void told.push([id, 'ambiguous']),
    isTaken: () => state.isTaken,
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
      uptime += 0.1;
      await placing.look();
    }
  };
  return { placing, told, looks, backends, state, pass };
}

describe('a login', () => {
  it('is looked for nine times within about two minutes, and then taken for gone', async () => {
    const { placing, told, looks, pass } = create();
    placing.add(session(1, 100));
    await pass(124);
    expect(told).toEqual([]);
    expect(looks.map(Math.round)).toEqual([0, 1, 2, 4, 8, 16, 32, 64]);
    await pass(5);
    expect(told).toEqual([[1, 'gone']]);
    expect(placing.size).toBe(0);
    await pass(100);
    expect(looks).toHaveLength(9);
  });

  it('is told of once where it is found', async () => {
    const { placing, told, backends, pass } = create();
    placing.add(session(1, 100));
    await pass(1.5);
    backends.push({ server: 'main', pid: 100 });
    await pass(10);
    expect(told).toEqual([[1, 'main']]);
  });

  it('is found for all of its grants at once, the last of them last', async () => {
    const { placing, told, backends, pass } = create();
    placing.add(session(1, 100));
    placing.add(session(2, 100, 0.25));
    backends.push({ server: 'main', pid: 100 });
    await pass(0.4);
    expect(told).toEqual([
      [1, 'main'],
      [2, 'main'],
    ]);
  });

  it('that is removed is looked for no more', async () => {
    const { placing, told, looks, pass } = create();
    const one = session(1, 100);
    placing.add(one);
    placing.remove(one);
    await pass(10);
    expect([told, looks]).toEqual([[], []]);
  });

  it('is no session that is another one already', async () => {
    const { placing, told, backends, state, pass } = create();
    backends.push({ server: 'main', pid: 100 });
    state.isTaken = true;
    placing.add(session(1, 100));
    await pass(130);
    expect(told).toEqual([[1, 'gone']]);
  });

  it('is not given up while a server does not answer, and not found on another one', async () => {
    const { placing, told, backends, state, pass } = create(['main', 'other']);
    backends.push({ server: 'other', pid: 100 });
    state.fails = 'main';
    placing.add(session(1, 100));
    await pass(200);
    expect(told).toEqual([]);
    backends.push({ server: 'main', pid: 100 });
    state.fails = undefined;
    await pass(0.2);
    expect(told).toEqual([[1, 'ambiguous']]);
  });

  it('is found on another one while nobody listens on the socket of a server', async () => {
    const { placing, told, backends, state, pass } = create(['main', 'other']);
    backends.push({ server: 'other', pid: 100 });
    state.absent = 'main';
    placing.add(session(1, 100));
    await pass(0.4);
    expect(told).toEqual([[1, 'other']]);
  });

  it('is given up for another after four looks, the oldest first', async () => {
    const { placing, told, pass } = create();
    expect(placing.giveUpOne()).toBe(false);
    placing.add(session(1, 100));
    placing.add(session(2, 101));
    await pass(3.9);
    expect(placing.giveUpOne()).toBe(false);
    await pass(0.2);
    placing.add(session(3, 102, 4));
    expect([placing.giveUpOne(), placing.giveUpOne(), placing.giveUpOne()]).toEqual([
      true,
      true,
      false,
    ]);
    expect(told).toEqual([
      [1, 'gone'],
      [2, 'gone'],
    ]);
  });
});
