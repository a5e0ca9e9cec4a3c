// The control socket: one question, one answer, whatever else comes.
import { once } from 'node:events';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type Answer, openControl, serveControl } from '../../src/daemon/serve-control.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
let path: string;
let server: { close(): void } | undefined;

beforeEach(async () => {
  folder = await createTemporaryFolder('control');
  path = join(folder.path, 'control.sock');
});

afterEach(async () => {
  vi.useRealTimers();
  server?.close();
  server = undefined;
  await folder.remove();
});

const asked: unknown[] = [];
const answer: Answer = async (request) => {
  asked.push(request);
  return request.ask === 'end' ? { ended: [...request.ids] } : { sessions: [] };
};

async function serve(by: Answer = answer): Promise<void> {
  asked.length = 0;
  server = await serveControl(folder.path, by);
}

async function open(): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What comes back of this. */
async function ask(...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = await open();
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return text(socket);
}

const UNKNOWN =
  '{"problem":"the daemon does not know this question; it may be older than the command"}\n';

describe('a question', () => {
  it('is answered, in one piece or several', async () => {
    await serve();
    expect(await ask('{"ask":"sessions"}\n')).toBe('{"sessions":[]}\n');
    expect(await ask('{"ask":"e', 'nd","ids":[1,', '2]}', '\n')).toBe('{"ended":[1,2]}\n');
    expect(asked).toEqual([{ ask: 'sessions' }, { ask: 'end', ids: [1, 2] }]);
  });

  it.each(['{}', '[]', 'null', '{"ask":"stop"}', '{"ask":"end","ids":["1"]}', '{"ask":"end"}'])(
    'that is %s is not known, and ends nobody',
    async (question) => {
      await serve();
      expect(await ask(`${question}\n`)).toBe(UNKNOWN);
      expect(asked).toEqual([]);
    },
  );

  it.each(['', 'sessions', '{"ask":', '\0\u{1F600}', '{"ask":"sessions"}\n{"ask":"sessions"}'])(
    'that is no JSON (%j) has a problem for an answer',
    async (question) => {
      await serve();
      expect(await ask(`${question}\n`)).toMatch(
        /^\{"problem":"the question cannot be answered: [^\n]+\}\n$/,
      );
      expect(asked).toEqual([]);
    },
  );

  it('that nobody can answer has a problem for an answer, and the next one none', async () => {
    let isBroken = true;
    await serve(async (request) => {
      if (isBroken) throw new Error('broken');
      return answer(request);
    });
    expect(await ask('{"ask":"sessions"}\n')).toBe(
      '{"problem":"the question cannot be answered: broken"}\n',
    );
    isBroken = false;
    expect(await ask('{"ask":"sessions"}\n')).toBe('{"sessions":[]}\n');
  });

  it('that never ends is given up', async () => {
    await serve();
    const socket = await open();
    const reply = text(socket).catch(() => '');
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let n = 0; n < 34 && !socket.destroyed; n += 1) {
      await new Promise((resolve) => socket.write(piece, resolve));
    }
    expect(await reply).toBe('{"problem":"over 33554432 bytes; expected at most that"}\n');
  });

  it('that is asked no further does not hold the daemon up, nor others', async () => {
    await serve();
    const silent = await open();
    silent.write('{"ask":');
    const gone = await open();
    gone.write('{"ask":"sessions"}\n');
    gone.destroy();
    expect(await ask('{"ask":"sessions"}\n')).toBe('{"sessions":[]}\n');
    silent.destroy();
  });
});

describe('the socket', () => {
  it('is for its owner alone, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      await serve();
    } finally {
      process.umask(before);
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('takes the place of one that was left', async () => {
    await writeFile(path, 'x');
    await serve();
    expect(await ask('{"ask":"sessions"}\n')).toBe('{"sessions":[]}\n');
  });

  it('is refused where something is in its place that cannot go', async () => {
    await mkdir(join(path, 'x'), { recursive: true });
    await expect(serve()).rejects.toThrow(/EISDIR|directory/);
  });

  it('closes who says nothing for five seconds', async () => {
    await serve();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const socket = await open();
    const isClosed = once(socket, 'close');
    await vi.waitUntil(() => vi.getTimerCount() > 0);
    vi.advanceTimersByTime(5000);
    vi.useRealTimers();
    await isClosed;
    expect(socket.destroyed).toBe(true);
  });
});

describe('a daemon', () => {
  const told: unknown[][] = [];
  const logger = { warn: (...args: unknown[]) => void told.push(args) };

  it('without a folder of its own has none', async () => {
    expect(await openControl(undefined, logger, answer)).toBeUndefined();
    expect(told).toEqual([]);
  });

  it('starts where it cannot be served, and says so', async () => {
    await mkdir(join(path, 'x'), { recursive: true });
    expect(await openControl(folder.path, logger, answer)).toBeUndefined();
    expect(told).toMatchObject([[{}, 'the control socket cannot be served']]);
  });
});
