// Logins over OAuth with the server under valgrind: what memcheck has to say of the validator in real backends. What it says of PostgreSQL
// alone, which is not built for it, is left out.
import { createServer } from 'node:net';
import { chmodSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { type OAuthHost, SOCKET, startOAuthHost } from '../../package/machine/oauth-host.ts';
import { FROM_FORKY, installPostgreSQL, plantFault } from './install-postgresql.ts';

const LIBRARY = 'pgtoken_validator';
const LOGS = '/tmp/memcheck';

describe('memcheck', { timeout: 300_000 }, () => {
  let host: OAuthHost;

  beforeAll(async () => {
    host = await startOAuthHost({
      version: '19',
      packages: [inject('peer').programs['pgtoken'] ?? ''],
      fromForky: [...FROM_FORKY, 'valgrind'],
      install: async (root) => {
        await installPostgreSQL(root, '-g');
        await root.sh(`install -d -m 1777 ${LOGS}`);
      },
      serverWrapper: [
        'valgrind --trace-children=yes --num-callers=40 --track-fds=no',
        `--log-file=${LOGS}/%p`,
      ],
      readyWithin: 300_000,
    });
    // Backends start slowly here.
    await host.set({ authentication_timeout: '120s', 'pgtoken.timeout': '100s' });
  }, 900_000);
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
  });

  /** What was said of the validator: whole reports, one for each stack. */
  const read = async (): Promise<readonly string[]> => {
    const folder = join(host.root.path, LOGS);
    const logs = await Promise.all(
      (await readdir(folder)).map(async (name) => readFile(join(folder, name), 'utf8')),
    );
    return logs
      .flatMap((log) => log.replaceAll(/^==\d+== ?/gm, '').split(/\n{2,}/))
      .filter((report) => report.includes(LIBRARY) && /^ +at 0x/m.test(report));
  };
  const enter = async (token: string, user = 'foo:myservice'): Promise<string> => {
    const client = await host.login(token, { user });
    const said = client.error?.message ?? 'in';
    client.close();
    return said;
  };

  it('has nothing to say of grants and refusals', async () => {
    expect(await enter(host.mint())).toBe('in');
    expect(await enter(host.mint(), 'foo:other')).toContain('authentication failed');
    expect(await enter(host.mint('cluster', { aud: 'vault' }))).toContain('authentication failed');
    expect(await enter(host.mint('cluster', { pad: 'x'.repeat(7000) }))).toBe('in');
    expect(await enter(host.mint('people'), 'alice')).toBe('in');
    expect(await read()).toEqual([]);
  });

  it('has nothing to say of a daemon that is away, that says nothing, and that answers garbage', async () => {
    await host.stopDaemon();
    await host.set({ 'pgtoken.timeout': '2s' });
    expect(await enter(host.mint())).toContain('authentication failed');
    for (const answer of [undefined, Buffer.alloc(70_000, 'x')]) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        if (answer !== undefined) socket.end(answer);
      });
      const path = join(host.root.path, SOCKET);
      await new Promise<void>((resolve) => server.listen(path, resolve));
      chmodSync(path, 0o666);
      expect(await enter(host.mint())).toContain('authentication failed');
      server.close();
      await host.root.sh(`rm -f ${SOCKET}`);
    }
    await host.startDaemon();
    expect(await read()).toEqual([]);
  });

  it('would have: a planted fault is told', async () => {
    await plantFault(host.root, '-g');
    await enter(host.mint());
    await expect
      .poll(async () => (await read()).join('\n'), { timeout: 60_000 })
      .toMatch(/Invalid write of size \d+[^]*pgtoken_validator/);
  });
});
