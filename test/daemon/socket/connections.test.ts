// Too many connections: who goes, and who stays.
import { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';

import { type Connections, createConnections } from '../../../src/daemon/socket/connections.ts';

let connections: Connections;
let tooMany: number;

beforeEach(() => {
  tooMany = 0;
  connections = createConnections({
    max: 2,
    onTooMany: () => {
      tooMany += 1;
    },
  });
});

const untilClosed = async (socket: Socket) =>
  new Promise((resolve) => socket.once('close', resolve));

describe('up to the limit', () => {
  it('all are admitted, and their places are free again once they are closed', async () => {
    for (let turn = 0; turn < 3; turn++) {
      const sockets = [new Socket(), new Socket()];
      for (const socket of sockets) expect(connections.admit(socket)).toBe(true);
      expect(connections.size).toBe(2);
      await Promise.all(sockets.map(async (socket) => untilClosed(socket.destroy())));
      expect(connections.size).toBe(0);
    }
    expect(tooMany).toBe(0);
  });
});

describe('beyond the limit', () => {
  it('the oldest of those that ask nothing makes room', () => {
    const [first, second, third] = [new Socket(), new Socket(), new Socket()];
    for (const socket of [first, second, third]) expect(connections.admit(socket)).toBe(true);
    expect([first, second, third].map((socket) => socket.destroyed)).toEqual([true, false, false]);
    expect(connections.size).toBe(2);
    expect(tooMany).toBe(1);
  });

  it('one that asks something never makes room', () => {
    const [asking, silent, third] = [new Socket(), new Socket(), new Socket()];
    connections.admit(asking);
    connections.admit(silent);
    connections.keep(asking);
    expect(connections.admit(third)).toBe(true);
    expect([asking, silent, third].map((socket) => socket.destroyed)).toEqual([false, true, false]);
  });

  it('the new one is closed when all others ask something', () => {
    const [one, other, third] = [new Socket(), new Socket(), new Socket()];
    for (const socket of [one, other]) {
      connections.admit(socket);
      connections.keep(socket);
    }
    expect(connections.admit(third)).toBe(false);
    expect([one, other, third].map((socket) => socket.destroyed)).toEqual([false, false, true]);
    expect(connections.size).toBe(2);
    expect(tooMany).toBe(1);
  });
});

it('those that ask nothing can be dismissed', () => {
  const [asking, silent] = [new Socket(), new Socket()];
  connections.admit(asking);
  connections.keep(asking);
  connections.admit(silent);
  connections.dismissWaiting();
  expect([asking.destroyed, silent.destroyed]).toEqual([false, true]);
});
