// A pooler's way of logging in, with nothing in it that is played: 20 threads of one process, libpam, the module, the daemon and
// an issuer; as it ships, and under both tools that find races.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RACE_DETECTORS } from '../pam/race-detectors.ts';
import { runPooler, type PoolerOptions } from '../pam/run-pooler.ts';
import { buildAll, shipped, stack as pamStack, type Build } from '../pam/support.ts';
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { entryOf } from '../support/entry-of.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { startDaemonProcess, type DaemonProcess } from '../support/start-daemon-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { stageInstallation } from '../support/stage-installation.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const THREADS = 20;
const ROUNDS = 5;

const stack = new AsyncDisposableStack();
let issuer: Issuer;
let daemon: DaemonProcess;
let socket: string;

beforeAll(async () => {
  buildAll([shipped, ...RACE_DETECTORS.map(({ using }) => using)]);
  const authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ['RS256', 'ES256'] }));
  const installation = stack.use(
    await stageInstallation(writeIssuersYAML([entryOf('cluster', issuer)])),
  );
  const folder = stack.use(await createTemporaryFolder('pooler'));
  await mkdir(join(folder.path, 'cache'), { mode: 0o755 });
  socket = join(folder.path, 'pgtoken.sock');
  daemon = stack.use(
    startDaemonProcess({
      command: installation.command,
      args: [
        `--config=${installation.config}`,
        `--socket=${socket}`,
        `--cache-dir=${join(folder.path, 'cache')}`,
        '--deadline=40s',
      ],
    }),
  );
  await daemon.waitForLine('ready');
});

afterAll(async () => {
  await stack.disposeAsync();
});

interface Way {
  readonly name: string;
  readonly using: Build;
  readonly options: Pick<PoolerOptions, 'wrapper' | 'env'>;
}

const WAYS: readonly Way[] = [
  { name: 'as it ships', using: shipped, options: {} },
  ...RACE_DETECTORS.map(({ name, using, options, suppressions }) => ({
    name: `under ${name}`,
    using,
    options: options(suppressions),
  })),
];

describe.each(WAYS)('$name', ({ using, options }) => {
  it('20 threads at once each get the answer to their own question', async () => {
    const role = 'foo:myservice';
    const cases = [
      { user: role, token: await issuer.mint({}, { key: 'RS256' }), comes: 'granted' },
      { user: 'foo:other', token: await issuer.mint({}, { key: 'RS256' }), comes: 'denied' },
      { user: role, token: await issuer.mint({}, { key: 'ES256' }), comes: 'granted' },
      { user: role, token: await issuer.mint({}, { bytes: 9000 }), comes: 'granted' },
      { user: role, token: await issuer.mint({ aud: ['vault'] }), comes: 'denied' },
      { user: role, token: 'correct horse battery staple', comes: 'denied' },
      { user: role, token: await issuer.mint({}, { header: { kid: 'x' } }), comes: 'denied' },
    ];
    const from = daemon.lines().length;
    const result = await runPooler(using, {
      services: { postgresql: pamStack([`socket=${socket}`, 'timeout=60', 'debug']) },
      logins: cases.map(({ user, token }) => ({ service: 'postgresql', user, token })),
      threads: THREADS,
      calls: ROUNDS * cases.length,
      ...options,
    });
    expect({ status: result.status, stderr: result.status === 0 ? '' : result.stderr }).toEqual({
      status: 0,
      stderr: '',
    });
    expect(result.outcomes).toEqual(cases.map(({ comes }) => ({ [comes]: ROUNDS * THREADS })));
    expect(result.after.descriptors).toBe(result.before.descriptors);

    // One line for each login, that before the threads started among them.
    const lines = (): readonly unknown[] =>
      daemon
        .lines()
        .slice(from)
        .filter(({ msg }) => msg === 'decision');
    const all = 1 + ROUNDS * THREADS * cases.length;
    await poll(`${all} lines`, () => lines().length >= all || undefined);
    expect(lines()).toHaveLength(all);
  });
});
