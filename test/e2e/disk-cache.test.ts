// A disk that takes no more, once there are keys on it: what is there stays whole and good, and nothing is left beside it.
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../support/certificate-authority.ts';
import { entryOf } from '../support/entry-of.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import {
  startDaemonHost,
  untilCached,
  type DaemonHost,
  type StartDaemonOptions,
} from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { tryLogin, tryLogins } from '../support/try-logins.ts';

const ROLE = 'foo:myservice';

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let host: DaemonHost;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  host = stack.use(await startDaemonHost([ROLE]));
});

afterAll(async () => {
  await stack.disposeAsync();
});

beforeEach(async () => {
  await host.clearCache();
});

const start = async (issuer: Issuer, more: StartDaemonOptions = {}): Promise<DaemonProcess> =>
  host.startDaemon({
    issuers: [entryOf('cluster', issuer, { cache: { refreshInterval: '1s' } })],
    ...more,
  });

describe.each<[what: string, spoil: () => Promise<StartDaemonOptions>, reason: string]>([
  ['is full', async () => ({ fullDisk: true }), 'EFBIG'],
  [
    'may not be written',
    async () => {
      await chmod(host.cacheFolder, 0o555);
      return {};
    },
    'EACCES',
  ],
])('a disk that %s', (_what, spoil, reason) => {
  it('keeps the keys that it has, for a start while the issuer is down', async () => {
    await using issuer = await createIssuer(authority, { algorithms: ['ES256'] });
    {
      await using daemon = await start(issuer);
      await untilCached(host, ['cluster']);
      expect(await daemon.stop()).toBe(0);
    }
    const file = join(host.cacheFolder, 'cluster.json');
    const before = await readFile(file, 'utf8');
    const login = { role: ROLE, password: await issuer.mint() };
    {
      const options = await spoil();
      await using daemon = await start(issuer, options);
      const line = await daemon.waitForLine('the key cache on disk cannot be written');
      expect(line['level']).toBe('warn');
      expect(line['reason']).toContain(reason);
      expect(await tryLogins(host.cluster, login, 10)).toEqual({ granted: 10 });
      expect(await daemon.stop()).toBe(0);
      expect(daemon.lines().filter(({ level }) => level === 'error')).toEqual([]);
    }
    expect(await readdir(host.cacheFolder)).toEqual(['cluster.json']);
    expect(await readFile(file, 'utf8')).toBe(before);

    await issuer.fail('refuse');
    await using _daemon = await start(issuer);
    expect(await tryLogin(host.cluster, login)).toBe('granted');
  });
});
