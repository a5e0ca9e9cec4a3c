// One connection over a real unix socket, with clients of every kind: the good one gets its reply, the others cost little.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, createServer, type Server, Socket } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  serveConnection,
  type ConnectionOptions,
} from '../../../src/daemon/socket/serve-connection.ts';
import { type DecisionRecord, undecided } from '../../../src/decide/decision.ts';
import { refuse, type Refusal } from '../../../src/errors.ts';
import type { DaemonRequest } from '../../../src/protocol/parse-request.ts';
import type { ParsedToken } from '../../../src/verify/parse-token.ts';
import { poll } from '../../support/poll.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

const GRANTED: DecisionRecord = {
  decision: { granted: true, issuer: 'prod', role: 'foo' },
  issuer: 'prod',
  token: undefined,
  verified: true,
};
const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJmb28ifQ.c2lnbmF0dXJl';
const REQUEST = Buffer.from(`pgtoken/1\0PAM_SERVICE=postgresql\0PAM_USER=foo\0\0${TOKEN}\0`);
const CUT_SHORT =
  'unavailable ERR_PROTOCOL the request ended too early; expected a NUL after the token\0';
const NO_MAGIC =
  'unavailable ERR_PROTOCOL the request cannot be read: expected "pgtoken/1" or "pgtoken/2" or "pgtoken/3" first, saw another protocol or version\0';
const BYTES_FOLLOW =
  'unavailable ERR_PROTOCOL the request cannot be read: bytes follow the NUL that ends the token; expected nothing\0';
const LATE =
  'unavailable ERR_DEADLINE no decision within 4 s. HINT: An issuer answers slowly, or the request never came whole; see http.timeout.\0';

const FAILED = refuse('ERR_INTERNAL', 'the daemon failed to decide; its log says more');
const LATE_REFUSAL = refuse(
  'ERR_DEADLINE',
  'no decision within 4 s',
  'An issuer answers slowly, or the request never came whole; see http.timeout.',
);

let folder: TemporaryFolder;
let path: string;
let server: Server;
/** What the server decides with; a test replaces it. */
let decide: ConnectionOptions['decide'];
let requests: DaemonRequest[];
/** What the daemon was told of decisions. */
let decided: DecisionRecord[];
/** Whether the client was there for each of them. */
let delivered: (() => boolean)[];
let errors: unknown[];
/** Connections that have sent a first byte. */
let asking: Set<Socket>;
/** Connections that are not over yet. */
let connections: Set<Socket>;

beforeEach(async () => {
  folder = await createTemporaryFolder('connection');
  path = join(folder.path, 'pgtoken.sock');
  requests = [];
  errors = [];
  asking = new Set();
  connections = new Set();
  decided = [];
  delivered = [];
  decide = async () => GRANTED;
  server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    void serveConnection(socket, {
      decide: async (request, late) => {
        requests.push(request);
        return decide(request, late);
      },
      onDecided: (_request, record, { wasDelivered }) => {
        decided.push(record);
        delivered.push(wasDelivered);
      },
      deadline: 4,
      onRequest: () => {
        asking.add(socket);
      },
      onError: (error) => errors.push(error),
    }).then(() => connections.delete(socket));
  });
  server.listen(path);
  await once(server, 'listening');
});

afterEach(async () => {
  vi.useRealTimers();
  server.close();
  await folder.remove();
});

/** A client that keeps what it receives. */
async function openClient(): Promise<Socket & { received: () => string }> {
  const socket = connect({ path, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  await once(socket, 'connect');
  return Object.assign(socket, { received: () => Buffer.concat(chunks).toString() });
}

/** Sends chunks, each once the one before is on its way, and returns all that comes until the server closes. */
async function ask(...chunks: readonly (Buffer | string)[]): Promise<string> {
  const client = await openClient();
  for (const chunk of chunks) {
    await new Promise((resolve) => client.write(chunk, resolve));
  }
  await untilEnded(client);
  client.destroy();
  return client.received();
}

/** Waits until nothing more can come from the server, by an end or by a reset. */
async function untilEnded(client: Socket): Promise<void> {
  if (client.readableEnded || client.destroyed) return;
  await new Promise((resolve) => client.once('end', resolve).once('close', resolve));
}

/** Waits until the server has accepted a client, so that its timers are set. */
async function untilAccepted(): Promise<void> {
  while (connections.size === 0) await new Promise(setImmediate);
}

/** Waits, without a limit of its own, until the server has seen off all its clients. */
async function untilAllAreGone(): Promise<void> {
  while (connections.size > 0) await new Promise(setImmediate);
}

/** Bytes that something still refers to. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('replies', () => {
  it('"granted" and a NUL, and closes', async () => {
    expect(await ask(REQUEST)).toBe('granted\0');
    expect(requests).toEqual([
      {
        via: 'pam',
        service: 'postgresql',
        user: 'foo',
        rhost: undefined,
        pid: undefined,
        database: undefined,
        transport: undefined,
        token: TOKEN,
      },
    ]);
    await untilAllAreGone();
    expect(decided).toEqual([GRANTED]);
  });

  it('with the identity to the validator, and to nobody else', async () => {
    const token: ParsedToken = {
      text: '',
      algorithm: 'ES256',
      keyID: undefined,
      type: undefined,
      claims: { sub: 'somebody' },
      signatureBytes: 64,
    };
    const identity = 'system:serviceaccount:foo:myservice';
    decide = async () => ({ ...GRANTED, token, identity });
    const fields = 'PAM_SERVICE=postgresql\0PAM_USER=foo\0PID=4711\0';
    const validators = `pgtoken/3\0${fields}DATABASE=orders\0TRANSPORT=tls\0\0${TOKEN}\0`;
    expect(await ask(validators)).toBe('granted system:serviceaccount:foo:myservice\0');
    expect(await ask(`pgtoken/2\0${fields}\0${TOKEN}\0`)).toBe('granted\0');
    expect(requests).toMatchObject([
      { via: 'oauth', database: 'orders', transport: 'tls', pid: 4711 },
      { via: 'pam' },
    ]);
    decide = async () => ({
      ...undecided(refuse('ERR_TOKEN_EXPIRED', 'expired'), token),
      identity,
    });
    expect(await ask(validators)).toBe('denied ERR_TOKEN_EXPIRED expired\0');
  });

  it('with outcome, code, message and hint of a refusal', async () => {
    decide = async () =>
      undecided(refuse('ERR_ROLE_NOT_PERMITTED', 'role "foo" asked for', 'Ask for "bar".'));
    expect(await ask(REQUEST)).toBe(
      'denied ERR_ROLE_NOT_PERMITTED role "foo" asked for. HINT: Ask for "bar".\0',
    );
  });

  it('in at most 511 bytes of printable ASCII, whatever the message', async () => {
    decide = async () =>
      undecided(refuse('ERR_KEYS_UNAVAILABLE', `\0\n\u{1F511}ä${'x'.repeat(10_000)}`));
    const reply = await ask(REQUEST);
    expect(reply).toMatch(/^unavailable ERR_KEYS_UNAVAILABLE [\x20-\x7e]+\.\.\.\0$/);
    expect(reply.length).toBeLessThanOrEqual(512);
  });

  it('to a request that comes byte by byte', async () => {
    expect(await ask(...Array.from(REQUEST, (byte) => Buffer.of(byte)))).toBe('granted\0');
    expect(requests).toHaveLength(1);
  });

  it('to a client that closes its side after the request', async () => {
    decide = async () => {
      await new Promise(setImmediate);
      return GRANTED;
    };
    const client = await openClient();
    client.end(REQUEST);
    await untilEnded(client);
    expect(client.received()).toBe('granted\0');
  });

  it('once, when the deadline comes after the reply', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    expect(await ask(REQUEST)).toBe('granted\0');
    await untilAllAreGone();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('refuses, without deciding,', () => {
  it.each<[what: string, bytes: Buffer | string, reply: string]>([
    ['garbage', '\x16\x03\x01\x02\0\x01\0', NO_MAGIC],
    ['another version', 'pgtoken/4\0PAM_SERVICE=a\0PAM_USER=b\0\0c\0', NO_MAGIC],
    ['two requests at once', Buffer.concat([REQUEST, REQUEST]), BYTES_FOLLOW],
    ['a byte after the end', Buffer.concat([REQUEST, Buffer.from('x')]), BYTES_FOLLOW],
    [
      'an oversized request',
      Buffer.alloc(140 * 1024, 'x'),
      'unavailable ERR_PROTOCOL the request cannot be read: over 131072 bytes; expected at most that\0',
    ],
  ])('%s', async (_what, bytes, reply) => {
    expect(await ask(bytes)).toBe(reply);
    expect(requests).toEqual([]);
    await untilAllAreGone();
  });

  it.each([1, 9, 10, REQUEST.length - 1])('a request that ends after %i bytes', async (length) => {
    const client = await openClient();
    client.end(REQUEST.subarray(0, length));
    await untilEnded(client);
    expect(client.received()).toBe(CUT_SHORT);
    expect(requests).toEqual([]);
  });
});

describe('at the deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  it('closes a connection that asks nothing, without a word, and not before', async () => {
    const client = await openClient();
    await untilAccepted();
    vi.advanceTimersByTime(3999);
    expect(connections.size).toBe(1);
    vi.advanceTimersByTime(1);
    await untilEnded(client);
    expect(client.received()).toBe('');
    await untilAllAreGone();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives a request that comes late all of its time', async () => {
    decide = async () => Promise.withResolvers<never>().promise;
    const client = await openClient();
    await untilAccepted();
    vi.advanceTimersByTime(3999);
    client.write(REQUEST);
    while (requests.length === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(3999);
    expect(connections.size).toBe(1);
    vi.advanceTimersByTime(1);
    await untilEnded(client);
    expect(client.received()).toBe(LATE);
  });

  it('answers a client that stops in the middle, and not before', async () => {
    const client = await openClient();
    client.write(REQUEST.subarray(0, 30));
    while (asking.size === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(3999);
    expect(connections.size).toBe(1);
    vi.advanceTimersByTime(1);
    await untilEnded(client);
    expect(client.received()).toBe(LATE);
    await untilAllAreGone();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('answers a client that sends a byte now and then: the time is for all of it', async () => {
    const client = await openClient();
    for (let second = 0; second < 4; second++) {
      client.write(REQUEST.subarray(second, second + 1));
      while (asking.size === 0) await new Promise(setImmediate);
      vi.advanceTimersByTime(1000);
    }
    await untilEnded(client);
    expect(client.received()).toBe(LATE);
  });

  it('answers for a decision that takes longer, and drops what it comes to', async () => {
    const { promise, resolve } = Promise.withResolvers<DecisionRecord>();
    decide = async () => promise;
    const client = await openClient();
    client.write(REQUEST);
    while (requests.length === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(4000);
    await untilEnded(client);
    resolve(GRANTED);
    await untilAllAreGone();
    expect(client.received()).toBe(LATE);
    expect(errors).toEqual([]);
    expect(decided).toEqual([expect.objectContaining({ decision: LATE_REFUSAL, verified: false })]);
  });

  it('tells a decision that waits what the client was told', async () => {
    const { promise, resolve } = Promise.withResolvers<Refusal>();
    decide = async (_request, late) => {
      void Promise.race([late(), late()]).then(resolve);
      return new Promise(() => undefined);
    };
    const client = await openClient();
    client.write(REQUEST);
    while (requests.length === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(4000);
    expect(await promise).toEqual(LATE_REFUSAL);
    await untilAllAreGone();
  });

  it('holds also for a decision whose client is gone, and is told of once', async () => {
    const { promise, resolve } = Promise.withResolvers<Refusal>();
    decide = async (_request, late) => {
      void late().then(resolve);
      return new Promise(() => undefined);
    };
    const client = await openClient();
    client.write(REQUEST);
    while (requests.length === 0) await new Promise(setImmediate);
    for (const socket of connections) socket.destroy();
    await untilAllAreGone();
    vi.advanceTimersByTime(3999);
    expect(decided).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(await promise).toEqual(LATE_REFUSAL);
    expect(decided).toEqual([expect.objectContaining({ decision: LATE_REFUSAL, verified: false })]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('cuts off a client that sends a part and never takes its reply', async () => {
    const client = await openClient();
    client.pause();
    client.write(REQUEST.subarray(0, 30));
    while (asking.size === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(4000);
    await untilAllAreGone();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('passes once more for a reply that the socket does not take, which then is cut off', async () => {
    const stuck = new Socket();
    stuck._read = () => undefined;
    stuck._write = () => undefined;
    const over = serveConnection(stuck, {
      decide: async () => GRANTED,
      deadline: 4,
      onRequest: () => undefined,
      onDecided: (_request, record) => decided.push(record),
      onError: (error) => errors.push(error),
    });
    stuck.push(REQUEST);
    while (decided.length === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(3999);
    expect(stuck.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(stuck.destroyed).toBe(true);
    await over;
    expect(decided).toEqual([GRANTED]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('is not disturbed by', () => {
  it('a client that connects, asks nothing and closes its side', async () => {
    const client = await openClient();
    client.end();
    await untilEnded(client);
    expect(client.received()).toBe('');
    expect(asking.size).toBe(0);
    await untilAllAreGone();
  });

  it('a decision that throws: the client is told, and so is the log', async () => {
    const failure = new TypeError(`about ${TOKEN}`);
    decide = async () => {
      throw failure;
    };
    expect(await ask(REQUEST)).toBe(
      'unavailable ERR_INTERNAL the daemon failed to decide; its log says more\0',
    );
    expect(errors).toEqual([failure]);
    expect(decided).toEqual([expect.objectContaining({ decision: FAILED, verified: false })]);
  });

  it('a decision that throws before it has begun', async () => {
    const failure = new TypeError('at once');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      void serveConnection(socket, {
        decide: () => {
          throw failure;
        },
        deadline: 4,
        onRequest: () => undefined,
        onDecided: (_request, record) => decided.push(record),
        onError: (error) => errors.push(error),
      });
    });
    expect(await ask(REQUEST)).toBe(
      'unavailable ERR_INTERNAL the daemon failed to decide; its log says more\0',
    );
    expect(errors).toEqual([failure]);
    expect(decided).toEqual([expect.objectContaining({ decision: FAILED, verified: false })]);
  });

  it('a client that is gone before the reply', async () => {
    const { promise, resolve } = Promise.withResolvers<DecisionRecord>();
    decide = async () => promise;
    const client = await openClient();
    client.write(REQUEST);
    while (requests.length === 0) await new Promise(setImmediate);
    client.destroy();
    await once(client, 'close');
    resolve(GRANTED);
    await untilAllAreGone();
    expect(errors).toEqual([]);
    expect(decided).toEqual([GRANTED]);
    expect(delivered.map((wasDelivered) => wasDelivered())).toEqual([false]);
  });

  it('a client that is gone just when the reply is written, which is known a moment later', async () => {
    const { promise, resolve } = Promise.withResolvers<DecisionRecord>();
    decide = async () => promise;
    const client = await openClient();
    client.write(REQUEST);
    while (requests.length === 0) await new Promise(setImmediate);
    client.destroy();
    resolve(GRANTED);
    await untilAllAreGone();
    expect(decided).toEqual([GRANTED]);
    expect(delivered.map((wasDelivered) => wasDelivered())).toEqual([false]);
  });

  it('no client that takes its reply', async () => {
    expect(await ask(REQUEST)).toBe('granted\0');
    expect(delivered.map((wasDelivered) => wasDelivered())).toEqual([true]);
  });

  it('a client that connects and leaves at once', async () => {
    const client = await openClient();
    client.destroy();
    while (connections.size === 0) await new Promise(setImmediate);
    await untilAllAreGone();
    expect(await ask(REQUEST)).toBe('granted\0');
  });

  it('a client that never reads', async () => {
    const client = await openClient();
    client.pause();
    client.write(REQUEST);
    while (requests.length === 0) await new Promise(setImmediate);
    // The reply fits into the socket, so that nobody needs to take it for the connection to be over.
    await untilAllAreGone();
    expect(client.received()).toBe('');
    client.destroy();
  });

  it('a client that goes on sending after its reply', async () => {
    decide = async () => undecided(refuse('ERR_NOT_A_TOKEN', 'no token'));
    const client = await openClient();
    const flood = Buffer.alloc(64 * 1024, 'x');
    client.write(REQUEST);
    await once(client, 'data');
    while (!client.destroyed) {
      client.write(flood);
      await new Promise(setImmediate);
    }
    await untilAllAreGone();
    expect(client.received()).toBe('denied ERR_NOT_A_TOKEN no token\0');
    expect(requests).toHaveLength(1);
  });

  it('500 clients with garbage: a good one is served, and no descriptor or megabytes are left', async () => {
    const garbage = Buffer.alloc(140 * 1024, 'x');
    for (let count = 0; count < 50; count++) await ask(garbage);
    const before = { descriptors: descriptors(), memory: memoryInUse() };
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 50 }, async () => ask(garbage)));
    }
    expect(await ask(REQUEST)).toBe('granted\0');
    await untilAllAreGone();
    expect(requests).toHaveLength(1);
    expect(descriptors()).toBeLessThanOrEqual(before.descriptors + 2);
    // 500 times 140 KiB would be 70 MB. The collector gives buffers back in its own time, but it does.
    await poll(
      'what the clients sent to be given back',
      () => memoryInUse() - before.memory < 20 * 1024 * 1024 || undefined,
    );
  });

  it('200 clients that hang while another is served', async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, openClient));
    expect(await ask(REQUEST)).toBe('granted\0');
    for (const client of silent) client.destroy();
    await untilAllAreGone();
  });
});
