// What a pooler tells PgBouncer, and when, with a PgBouncer that does as the test says.
import { afterEach, describe, expect, it } from 'vitest';

import type { AdminConsole, ConsoleResult } from '../../../src/client/pooler/admin-console.ts';
import { keepPooler, type Pooler } from '../../../src/client/pooler/keep-pooler.ts';
import type { PoolerPlan, TenantPlan } from '../../../src/client/pooler/pooler-plan.ts';
import type { PoolerFiles } from '../../../src/client/pooler/render-files.ts';
import { fault, type TokenResult } from '../../../src/client/token/client-token.ts';
import type { SourceWatcher, TokenSource } from '../../../src/client/token/token-source.ts';
import { poll } from '../../support/poll.ts';
import { clientToken } from '../make-token.ts';

const TIMES = { start: 1, check: 0.02, answer: 0.1, reportAfter: 2, killAfter: 4 };
const DONE: ConsoleResult = { ok: true, rows: [] };
const refusal = (reason: string): ConsoleResult => ({ ok: false, reason, isRefused: true });

const tenantOf = (alias: string): TenantPlan => ({
  alias,
  host: 'db',
  port: 5432,
  database: alias,
  role: alias,
  source: { kind: 'file', path: alias },
  poolSize: 1,
  poolMode: 'session',
  serverLifetime: undefined,
});

/** A source that gives what it was given last. */
function createSource(name: string) {
  let result: TokenResult = fault('no such file');
  let watcher: SourceWatcher | undefined;
  const source: TokenSource = {
    name,
    get: async () => result,
    watch: (told) => {
      watcher = told;
      return { close: () => undefined };
    },
  };
  const give = (next: TokenResult): void => {
    result = next;
    watcher?.onChange();
  };
  return { source, give };
}
const tokenFor = (exp: number, jti = '') =>
  ({ ok: true, token: clientToken({ iat: 0, exp, jti }) }) as const;

/** A world with one PgBouncer after the other. */
function createWorld(aliases: readonly string[]) {
  let now = 0;
  const commands: string[] = [];
  const said: string[] = [];
  const written: PoolerFiles[] = [];
  const ready: boolean[] = [];
  const processes: { end: (how: string) => void; signals: string[] }[] = [];
  const sources = aliases.map(createSource);
  const answers = new Map<string, ConsoleResult>();
  let isWritable = true;
  const say = (members: object, message: string): void => {
    said.push(
      `${message}${'tenant' in members ? ` ${String(members.tenant)}` : ''}${'reason' in members ? `: ${String(members.reason)}` : ''}`,
    );
  };
  const plan: PoolerPlan = {
    listen: { folder: undefined, mode: '0700', address: undefined, port: 6432 },
    tls: { mode: 'verify-full', caFile: '/ca' },
    tenants: aliases.map(tenantOf),
    pgbouncer: { path: '/p', maxClients: 1, ignoreStartupParameters: [] },
    drain: 1,
  };
  const admin: AdminConsole = {
    run: async (command) => {
      if (!command.startsWith('SHOW')) commands.push(command);
      const answer = answers.get(command) ?? DONE;
      if (answer.ok && command.startsWith('SHUTDOWN')) processes.at(-1)?.end('it ended');
      return answer;
    },
  };
  const start = (longestToken?: number): Pooler =>
    keepPooler({
      plan,
      folder: '/run/pooler',
      tenants: plan.tenants.map((tenant, at) => ({ plan: tenant, source: sources[at]!.source })),
      longestToken,
      clock: () => now,
      log: { info: say, warn: say, error: say },
      admin,
      start: () => {
        const { promise, resolve } = Promise.withResolvers<string>();
        const signals: string[] = [];
        processes.push({ end: resolve, signals });
        return {
          pid: processes.length,
          ended: promise,
          kill: (signal) => {
            signals.push(signal);
            resolve(`it was ended by ${signal}`);
          },
        };
      },
      write: async (files) => {
        if (!isWritable) return fault('pgbouncer.ini: there is no room for it (ENOSPC)');
        written.push(files);
        return undefined;
      },
      onReady: (isReady) => ready.push(isReady),
      random: () => 1,
      times: TIMES,
    });
  return {
    commands,
    said,
    written,
    ready,
    processes,
    answers,
    start,
    give: (at: number, result: TokenResult) => {
      sources[at]!.give(result);
    },
    pass: (seconds: number) => {
      now += seconds;
    },
    setWritable: (value: boolean) => {
      isWritable = value;
    },
  };
}

let pooler: Pooler | undefined;
afterEach(async () => {
  await pooler?.stop(0);
  pooler = undefined;
});

const until = async (what: string, test: () => boolean) =>
  poll(what, () => (test() ? true : undefined), 5000);

describe('a pooler', () => {
  it('starts with the tokens that there are, and closes who has none', async () => {
    const world = createWorld(['a', 'b']);
    world.give(0, tokenFor(600));
    pooler = world.start();
    await until('a DISABLE', () => world.commands.includes('DISABLE "b"'));
    expect(world.commands).toEqual(['DISABLE "b"']);
    expect(world.written).toHaveLength(1);
    expect(world.written[0]!['pgbouncer.ini']).toMatch(
      /^a = .*password='eyJ.*\nb = (?!.*password)/m,
    );
    expect(pooler.status().tenants.map(({ ready, fault: why }) => [ready, why])).toEqual([
      [true, undefined],
      [false, 'no such file'],
    ]);
    world.give(1, tokenFor(600, 'late'));
    await until('an ENABLE', () => world.commands.includes('ENABLE "b"'));
    expect(world.commands).toEqual(['DISABLE "b"', 'RELOAD', 'ENABLE "b"']);
    expect(world.ready).toEqual([true]);
  });

  it('loads a new token once, and nothing when nothing is new', async () => {
    const world = createWorld(['a']);
    world.give(0, tokenFor(600));
    pooler = world.start();
    await until('ready', () => world.ready.length === 1);
    world.give(0, tokenFor(600));
    world.give(0, tokenFor(900, 'next'));
    await until('a RELOAD', () => world.commands.length > 0);
    world.give(0, tokenFor(900, 'next'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(world.commands).toEqual(['RELOAD']);
    expect(pooler.status().tenants[0]).toMatchObject({ expiresAt: 900, ready: true });
  });

  it('hands over no token that has expired or is about to, and closes the tenant before it does', async () => {
    const world = createWorld(['a', 'b']);
    world.give(0, tokenFor(600));
    world.give(1, tokenFor(1));
    pooler = world.start();
    await until('a DISABLE', () => world.commands.includes('DISABLE "b"'));
    expect(world.written.map((files) => files['pgbouncer.ini'].match(/password/g)?.length)).toEqual(
      [1],
    );
    world.give(1, tokenFor(50));
    await until('an ENABLE', () => world.commands.includes('ENABLE "b"'));
    world.pass(49);
    world.give(1, fault('gone'));
    await until('closed', () => world.commands.filter((one) => one === 'DISABLE "b"').length === 2);
    expect(world.written.at(-1)!['pgbouncer.ini'].match(/password/g)).toHaveLength(1);
    expect(world.said).toContain('a tenant has no token, and its clients are refused b: gone');
    expect(pooler.status().tenants.map(({ ready }) => ready)).toEqual([true, false]);
  });

  it('closes everybody by a clock that is an hour ahead, and says why', async () => {
    const world = createWorld(['a']);
    world.pass(3600);
    world.give(0, tokenFor(600));
    pooler = world.start();
    await until('a DISABLE', () => world.commands.includes('DISABLE "a"'));
    world.give(0, tokenFor(900, 'next'));
    await until('a word on it', () =>
      world.said.some((line) => line.includes('clients are refused')),
    );
    expect(world.said).toContain(
      'a tenant has no token, and its clients are refused a: the token expired 50 min ago by the clock of this host; expected one that has not',
    );
    expect(world.written.map((files) => files['pgbouncer.ini']).join('')).not.toContain('password');
    // As soon as the clock is right.
    world.pass(-3600);
    world.give(0, tokenFor(1200, 'right'));
    await until('an ENABLE', () => world.commands.includes('ENABLE "a"'));
  });

  it('goes on by a clock that is an hour behind, with each token that comes', async () => {
    const world = createWorld(['a']);
    world.pass(-3600);
    world.give(0, tokenFor(600));
    pooler = world.start();
    await until('ready', () => world.ready.length === 1);
    world.pass(480);
    world.give(0, tokenFor(1080, 'next'));
    await until('a RELOAD', () => world.commands.includes('RELOAD'));
    expect(pooler.status().tenants[0]).toMatchObject({ expiresAt: 1080, ready: true });
    expect(world.commands).toEqual(['RELOAD']);
  });

  it('says that a RELOAD failed, tries it again, and closes a tenant whose token ends meanwhile', async () => {
    const world = createWorld(['a']);
    world.give(0, tokenFor(100));
    pooler = world.start();
    await until('ready', () => world.ready.length === 1);
    world.answers.set('RELOAD', refusal('RELOAD failed, see logs for additional details'));
    world.give(0, tokenFor(600, 'next'));
    await until('a word on it', () => pooler!.status().pgbouncer.failedReloads > 0);
    expect(pooler.status().tenants[0]).toMatchObject({
      ready: true,
      expiresAt: 100,
      fault: 'RELOAD: RELOAD failed, see logs for additional details',
    });
    world.pass(99);
    await until('closed', () => world.commands.includes('DISABLE "a"'));
    expect(world.ready).toEqual([true, false]);
    world.answers.delete('RELOAD');
    await until('open', () => world.commands.includes('ENABLE "a"'));
    expect(pooler.status().tenants[0]).toMatchObject({ ready: true, expiresAt: 600 });
    expect(
      world.said.filter((line) => line.startsWith('tokens cannot be put in force')),
    ).toHaveLength(1);
  });

  it('keeps what is in force while the disk is full', async () => {
    const world = createWorld(['a']);
    world.give(0, tokenFor(100));
    pooler = world.start();
    await until('ready', () => world.ready.length === 1);
    world.setWritable(false);
    world.give(0, tokenFor(600, 'next'));
    await until('a word on it', () =>
      world.said.some((line) => line.includes('there is no room for it (ENOSPC)')),
    );
    expect([world.commands, pooler.status().tenants[0]!.ready]).toEqual([[], true]);
    world.setWritable(true);
    await until('a RELOAD', () => world.commands.includes('RELOAD'));
    expect(pooler.status().tenants[0]).toMatchObject({ expiresAt: 600, fault: undefined });
  });

  it('starts PgBouncer again when it has ended, with the newest tokens and everybody closed who has none', async () => {
    const world = createWorld(['a', 'b']);
    world.give(0, tokenFor(600));
    pooler = world.start();
    await until('a DISABLE', () => world.commands.length === 1);
    world.processes[0]!.end('it was ended by SIGSEGV');
    await until('another', () => world.processes.length === 2);
    await until('a second DISABLE', () => world.commands.length === 2);
    expect(world.commands).toEqual(['DISABLE "b"', 'DISABLE "b"']);
    expect(world.said).toContain('PgBouncer does not run: it was ended by SIGSEGV');
    expect(pooler.status().pgbouncer).toMatchObject({ up: true, restarts: 1 });
  });

  it('reports one that hangs, and kills it when it goes on', async () => {
    const world = createWorld(['a']);
    world.give(0, tokenFor(600));
    pooler = world.start();
    await until('ready', () => world.ready.length === 1);
    world.answers.set('SHOW POOLS', {
      ok: false,
      reason: 'no answer within 3 s',
      isRefused: false,
    });
    await until('killed', () => world.processes[0]!.signals.includes('SIGKILL'));
    world.answers.delete('SHOW POOLS');
    expect(world.said).toEqual(
      expect.arrayContaining([
        'PgBouncer does not answer: no answer within 3 s',
        'PgBouncer hangs and is killed',
      ]),
    );
    await until('another', () => world.processes.length === 2);
    await until('ready again', () => world.ready.at(-1) === true);
    expect(world.ready).toEqual([true, false, true]);
  });

  it('has no token for a tenant whose PgBouncer would cut it', async () => {
    const world = createWorld(['a']);
    world.give(0, tokenFor(600));
    pooler = world.start(100);
    await until('a DISABLE', () => world.commands.includes('DISABLE "a"'));
    expect(pooler.status().tenants[0]!.fault).toMatch(
      /^the token has \d+ bytes; expected at most 100, which this PgBouncer does not cut$/,
    );
  });

  it('ends PgBouncer harder when it does not listen', async () => {
    const world = createWorld(['a']);
    world.give(0, tokenFor(600));
    pooler = world.start();
    await until('ready', () => world.ready.length === 1);
    for (const mode of ['CLIENTS', 'SERVERS'])
      world.answers.set(`SHUTDOWN WAIT_FOR_${mode}`, refusal('no'));
    await pooler.stop(0);
    expect(world.processes[0]!.signals).toEqual(['SIGQUIT']);
  });

  it('shows no token to whoever asks', async () => {
    const world = createWorld(['a']);
    world.give(0, tokenFor(600));
    pooler = world.start();
    await until('ready', () => world.ready.length === 1);
    expect(JSON.stringify([pooler.status(), world.said])).not.toContain('eyJ');
  });
});
