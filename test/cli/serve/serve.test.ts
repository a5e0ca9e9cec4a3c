// `pgtoken serve` as a process: what it says when it cannot start, how it is told to reload and to end, and sockets that
// are handed over.
import { once } from 'node:events';
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { askDaemon, formatRequest } from '../../support/ask-daemon.ts';
import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { createIssuer } from '../../support/issuer.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import { poll } from '../../support/poll.ts';
import { run } from '../../support/run.ts';
import { signToken } from '../../support/sign-token.ts';
import { createSigningKey, type SigningKey } from '../../support/signing-key.ts';
import { createSlowCalls, HANGING_DOMAIN } from '../../support/slow-calls.ts';
import { socketActivator } from '../../support/socket-activator.ts';
import { startDaemonProcess, type DaemonProcess } from '../../support/start-daemon-process.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';

const URL = 'https://issuer.example.com';

let stack: AsyncDisposableStack;
let folder: TemporaryFolder;
let key: SigningKey;
let socket: string;
let config: string;

const inside = (path: string): string => join(folder.path, path);

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = stack.use(await createTemporaryFolder('serve'));
  socket = inside('pgtoken.sock');
  config = inside('issuers.yaml');
  key = await createSigningKey('ES256', 'key-1');
  await write('keys.json', JSON.stringify({ keys: [key.publicJWK] }));
  await write('issuers.yaml', issuersYAML('foo'));
});

afterEach(async () => {
  await stack.disposeAsync();
});

async function write(name: string, text: string): Promise<void> {
  await writeFile(inside(name), text);
  await chmod(inside(name), 0o644);
}

const issuersYAML = (role: string, keysFile = 'keys.json'): string =>
  writeIssuersYAML([
    {
      name: 'prod',
      issuer: { url: URL, audiences: ['postgres'] },
      keys: { jwksFile: keysFile },
      roles: [{ claim: 'sub', equals: 'alice', role }],
    },
  ]);

function mint(by = key): string {
  const now = Math.floor(Date.now() / 1000);
  return signToken(by, { iss: URL, aud: 'postgres', sub: 'alice', iat: now, exp: now + 600 });
}

const options = (): string[] => [
  `--config=${config}`,
  `--socket=${socket}`,
  `--cache-dir=${inside('cache')}`,
];

function start(
  more: readonly string[] = [],
  how: Partial<Parameters<typeof startDaemonProcess>[0]> = {},
): DaemonProcess {
  return stack.use(startDaemonProcess({ ...how, args: [...options(), ...more] }));
}

async function startReady(...args: Parameters<typeof start>): Promise<DaemonProcess> {
  const daemon = start(...args);
  await daemon.waitForLine('ready');
  return daemon;
}

/** Tries without pause until somebody listens. */
async function untilConnected(): Promise<void> {
  for (;;) {
    const client = connect(socket);
    const connected = await new Promise<boolean>((resolve) => {
      client.once('connect', () => {
        resolve(true);
      });
      client.once('error', () => {
        resolve(false);
      });
    });
    client.destroy();
    if (connected) return;
  }
}

/** Runs it to its end, which must be one of not starting. */
async function failure(
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const result = await runPgtoken(['serve', ...options(), ...more], { env });
  expect(result.status).toBe(2);
  return result.stderr;
}

const ask = async (user: string): Promise<string> => askDaemon(socket, { user, token: mint() });

describe('exits 2 with one line and a hint', () => {
  it.each<[what: string, at: () => Promise<string> | string, said: (path: string) => string]>([
    [
      'is a file',
      () => inside('keys.json'),
      (path) =>
        `pgtoken: ${path} exists and is no socket\nHINT: Choose another --socket, or remove what is there.\n`,
    ],
    [
      'is too long',
      () => `/tmp/${'x'.repeat(103)}`,
      (path) =>
        `pgtoken: socket path ${path} has 108 bytes; expected at most 107\nHINT: Choose another --socket.\n`,
    ],
    [
      'is in a folder that does not exist',
      () => inside('missing/pgtoken.sock'),
      (path) =>
        `pgtoken: the folder of ${path} does not exist\nHINT: Create it, or choose another --socket; systemd does so with RuntimeDirectory=.\n`,
    ],
  ])('when the socket path %s', async (_what, at, said) => {
    socket = await at();
    expect(await failure()).toBe(said(socket));
  });

  it('when another daemon listens there, which goes on', async () => {
    await startReady();
    expect(await failure()).toBe(
      `pgtoken: another process listens on ${socket}\nHINT: Stop the other daemon first, or choose another --socket.\n`,
    );
    expect(await askDaemon(socket, { user: 'foo', token: mint() })).toBe('granted');
  });

  it('when metrics would be served to others', async () => {
    expect(await failure(['--metrics', '0.0.0.0:10432'])).toMatch(
      /^pgtoken: metrics address 0\.0\.0\.0:10432 is not on loopback; expected .*\nHINT: .*\n$/,
    );
  });

  it('when there is no such group', async () => {
    expect(await failure(['--group', 'no-such-group'])).toBe(
      'pgtoken: there is no group no-such-group\nHINT: Create it, or choose another --group.\n',
    );
  });

  it('at once, also while an issuer hangs', async () => {
    await using authority = await createCertificateAuthority();
    await using issuer = await createIssuer(authority);
    await issuer.fail('hang');
    const { url, certificateAuthority } = issuer;
    await write(
      'issuers.yaml',
      writeIssuersYAML([
        {
          name: 'hangs',
          issuer: { url, certificateAuthority, audiences: ['postgres'] },
          http: { timeout: '60s' },
          roles: [{ claim: 'sub' }],
        },
      ]),
    );
    socket = inside('keys.json');
    expect(await failure()).toContain('exists and is no socket');
  });

  it.each([
    ['--deadline', 'soon', 'expected a duration from "100ms" to "60s"'],
    ['--deadline', '0s', 'expected a duration from "100ms" to "60s"'],
    ['--max-connections', '0', 'expected a number from 1 to 99999'],
  ])('for %s %s', async (option, value, reason) => {
    expect(await failure([option, value])).toContain(reason);
  });
});

it('sleeps while nobody asks', async () => {
  const daemon = await startReady();
  expect(await ask('foo')).toBe('granted');
  const wakeUps = async (): Promise<number> => {
    const status = await readFile(`/proc/${daemon.pid}/status`, 'utf8');
    return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]);
  };
  // Starting, and a login, leave something to be done.
  const asleep = poll('a second in which it hardly wakes', async () => {
    const before = await wakeUps();
    await setTimeout(1000);
    return (await wakeUps()) - before < 10 || undefined;
  });
  await expect(asleep).resolves.toBe(true);
});

describe('ends', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('of %s with status 0, and its socket', async (signal) => {
    const daemon = await startReady();
    daemon.signal(signal);
    expect(await daemon.ended).toBe(0);
    expect(daemon.lines().at(-1)).toMatchObject({ msg: 'stopped' });
    expect(await askDaemon(socket, { user: 'foo', token: mint() })).toBe('no reply: ENOENT');
  });

  it('of SIGTERM with status 0 also when that comes as soon as it can be reached', async () => {
    const daemon = start();
    await untilConnected();
    daemon.signal('SIGHUP');
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toBe(0);
  });

  it('of SIGTERM, and of more of them, only after what is under way, and accepts nothing more', async () => {
    const daemon = await startReady();
    const bytes = formatRequest({ user: 'foo', token: mint() });
    const client = connect(socket);
    let reply = '';
    client.setEncoding('utf8').on('data', (text: string) => (reply += text));
    client.write(bytes.subarray(0, 40));
    await once(client, 'connect');
    // Answered once the server has accepted the one before.
    await askDaemon(socket, { user: 'foo', token: mint() });
    daemon.signal('SIGTERM');
    await daemon.waitForLine('stopping');
    daemon.signal('SIGTERM');
    expect(await askDaemon(socket, { user: 'foo', token: mint() })).toMatch(/^no reply: E/);
    client.write(bytes.subarray(40));
    await once(client, 'close');
    expect(reply).toBe('granted\0');
    expect(await daemon.ended).toBe(0);
  });

  it('of SIGTERM within the deadline, whoever is silent', async () => {
    const daemon = await startReady(['--deadline', '300ms']);
    const client = connect(socket);
    client.write('pgtoken/1\0');
    await askDaemon(socket, { user: 'foo', token: mint() });
    daemon.signal('SIGTERM');
    const reply = await new Promise<Buffer>((resolve) => client.once('data', resolve));
    expect(reply.toString()).toMatch(/^unavailable ERR_DEADLINE no decision within 0\.3 s/);
    expect(await daemon.ended).toBe(0);
  });

  it('of SIGTERM at once for a client that asks nothing', async () => {
    const daemon = await startReady(['--deadline', '60s']);
    const client = connect(socket).resume();
    await once(client, 'connect');
    await askDaemon(socket, { user: 'foo', token: mint() });
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toBe(0);
  });

  it('of SIGTERM without waiting for an issuer that hangs', async () => {
    await using authority = await createCertificateAuthority();
    await using issuer = await createIssuer(authority);
    await issuer.fail('hang');
    const { url, certificateAuthority } = issuer;
    await write(
      'issuers.yaml',
      writeIssuersYAML([
        {
          name: 'hangs',
          issuer: { url, certificateAuthority, audiences: ['postgres'] },
          http: { timeout: '60s' },
          roles: [{ claim: 'sub' }],
        },
      ]),
    );
    const daemon = await startReady();
    // The issuer never answers, so that only the end of the daemon ends this.
    daemon.signal('SIGTERM');
    expect(await daemon.stop()).toBe(0);
  });
});

it('starts with an invalid file, says every problem, and follows it', async () => {
  await write(
    'issuers.yaml',
    'apiVersion: pgtoken/v1\nissuers:\n- name: Prod\n  issuer: {url: "ftp://x", audiences: []}\n  rolls: []\n',
  );
  const daemon = await startReady();
  const line = await daemon.waitForLine('the configuration is invalid, nobody can log in');
  expect(line['problems']).toEqual([
    expect.stringContaining(`${config}:3:3: issuers[0].roles: `),
    expect.stringContaining('issuers[0].name: '),
    expect.stringContaining('issuers[0].issuer.url: '),
    expect.stringContaining('issuers[0].issuer.audiences: '),
    expect.stringContaining('issuers[0].rolls: '),
  ]);
  expect(await ask('foo')).toMatch(
    /^unavailable ERR_CONFIG_INVALID .*:3:3: issuers\[0\]\.roles: .* \(and 4 more\)\. HINT: Fix it/,
  );
  await write('issuers.yaml', issuersYAML('foo'));
  await poll('a grant', async () => ((await ask('foo')) === 'granted' ? true : undefined));
  expect(daemon.stderr()).toBe('');
});

it('ends of SIGTERM without waiting for a name server that hangs', async () => {
  await using slow = await createSlowCalls();
  await write(
    'issuers.yaml',
    writeIssuersYAML([
      {
        name: 'hangs',
        issuer: { url: `https://issuer.${HANGING_DOMAIN}`, audiences: ['postgres'] },
        roles: [{ claim: 'sub' }],
      },
    ]),
  );
  const daemon = await startReady([], { wrapper: slow.wrapper });
  daemon.signal('SIGTERM');
  // Sooner than the name server, and than this helper gives up.
  expect(await daemon.stop()).toBe(0);
});

describe('loads the configuration again', () => {
  it('on SIGHUP; a token that was granted is refused when its role is gone', async () => {
    const daemon = await startReady();
    expect(await ask('foo')).toBe('granted');
    await write('issuers.yaml', issuersYAML('bar'));
    const from = daemon.lines().length;
    daemon.signal('SIGHUP');
    await daemon.waitForLine('configuration in force', from);
    expect(await ask('foo')).toMatch(/^denied ERR_ROLE_NOT_PERMITTED role "foo" asked for/);
    expect(await ask('bar')).toBe('granted');
  });

  it('when the file is written, replaced, or a symbolic link to it switched, and when a file it names is', async () => {
    await mkdir(inside('v1'));
    await mkdir(inside('v2'));
    for (const [version, role] of ['one', 'three'].entries()) {
      await write(`v${version + 1}/issuers.yaml`, issuersYAML(role, inside('keys.json')));
    }
    // As a mounted ConfigMap is: a link to a file below a link to a folder.
    await symlink('v1', inside('data'));
    config = inside('link.yaml');
    await symlink('data/issuers.yaml', config);
    const daemon = await startReady();
    expect(await ask('one')).toBe('granted');

    const change = async (how: () => Promise<void>): Promise<void> => {
      const from = daemon.lines().length;
      await how();
      await daemon.waitForLine('configuration in force', from);
    };
    await change(async () => write('v1/issuers.yaml', issuersYAML('two', inside('keys.json'))));
    expect(await ask('two')).toBe('granted');
    await change(async () => {
      await symlink('v2', inside('next'));
      await rename(inside('next'), inside('data'));
    });
    expect(await ask('three')).toBe('granted');
    await change(async () => {
      await write('new.yaml', issuersYAML('four', inside('keys.json')));
      await rename(inside('new.yaml'), config);
    });
    expect(await ask('four')).toBe('granted');

    const other = await createSigningKey('ES256', 'key-2');
    await change(async () => write('keys.json', JSON.stringify({ keys: [other.publicJWK] })));
    expect(await ask('four')).toMatch(
      /^denied ERR_KEY_UNKNOWN the issuer has one key, whose kid is not "key-1"/,
    );
    expect(await askDaemon(socket, { user: 'four', token: mint(other) })).toBe('granted');
    const loads = daemon.lines().filter(({ msg }) => msg === 'configuration in force');
    expect(loads).toHaveLength(5);
  });

  it('keeps the last good one while the file is invalid or gone, says so, and takes up the next good one', async () => {
    const daemon = await startReady();
    const change = async (how: () => Promise<void>, msg: string) => {
      const from = daemon.lines().length;
      await how();
      return daemon.waitForLine(msg, from);
    };
    const invalid = 'the configuration is invalid, the last good one stays in force';
    const line = await change(
      async () => write('issuers.yaml', issuersYAML('bar').replace('audiences', 'audience')),
      invalid,
    );
    expect(line).toMatchObject({ level: 'error' });
    expect(line['problems']).toEqual([
      `${config}:4:5: issuers[0].issuer.audiences: Required value: expected a list of audiences, such as [postgres]`,
      `${config}:6:7: issuers[0].issuer.audience: Unknown field, did you mean "audiences"?`,
    ]);
    expect(await ask('foo')).toBe('granted');

    await change(async () => rm(config), invalid);
    expect(await ask('foo')).toBe('granted');
    await change(async () => write('issuers.yaml', issuersYAML('bar')), 'configuration in force');
    expect(await ask('foo')).toMatch(/^denied ERR_ROLE_NOT_PERMITTED/);
    expect(await ask('bar')).toBe('granted');
  });
});

describe('on a socket that is handed over', () => {
  it('serves, leaves the socket where it is, and says so', async () => {
    const path = inside('handed-over.sock');
    const daemon = start([], { wrapper: socketActivator(path) });
    expect(await daemon.waitForLine('ready')).toMatchObject({ socket: 'the socket of systemd' });
    expect(await askDaemon(path, { user: 'foo', token: mint() })).toBe('granted');
    expect(await askDaemon(socket, { user: 'foo', token: mint() })).toBe('no reply: ENOENT');
  });

  it("says when its file is gone, which is not the daemon's to make again", async () => {
    const path = inside('removed.sock');
    const daemon = start([], { wrapper: socketActivator(path) });
    await daemon.waitForLine('ready');
    await rm(path);
    expect(
      await daemon.waitForLine('the file of the socket is gone, nobody can log in'),
    ).toMatchObject({ level: 'error', hint: 'Run: systemctl restart pgtoken.socket' });
    expect(await askDaemon(path, { user: 'foo', token: mint() })).toBe('no reply: ENOENT');
  });

  it('of systemd-socket-activate serves the connection that woke it', async () => {
    const path = inside('systemd.sock');
    const daemon = start([], {
      wrapper: ['systemd-socket-activate', `--listen=${path}`, `--setenv=PATH=/usr/bin:/bin`],
    });
    // Until the socket is there; from then on every connection is served.
    const reply = await poll('the socket of systemd-socket-activate', async () => {
      const answer = await askDaemon(path, { user: 'foo', token: mint() });
      return /^no reply: (?:ENOENT|ECONNREFUSED)$/.test(answer) ? undefined : answer;
    });
    expect(reply).toBe('granted');
    expect(await daemon.waitForLine('ready')).toMatchObject({ socket: 'the socket of systemd' });
  });

  it('does not start with two of them', async () => {
    const result = await run('/bin/sh', [
      '-c',
      'LISTEN_FDS=2 LISTEN_PID=$$ exec "$@"',
      'sh',
      join(import.meta.dirname, '../../../bin/pgtoken'),
      'serve',
      ...options(),
    ]);
    expect(result).toMatchObject({
      status: 2,
      stderr:
        'pgtoken: systemd handed over 2 sockets; expected one\nHINT: Write a single ListenStream= in pgtoken.socket.\n',
    });
  });

  it('does not start when it is none', async () => {
    const result = await run('/bin/sh', [
      '-c',
      'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3</dev/null',
      'sh',
      join(import.meta.dirname, '../../../bin/pgtoken'),
      'serve',
      ...options(),
    ]);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(
      /^pgtoken: cannot listen on what systemd handed over: .*\nHINT: Write ListenStream= with a path in pgtoken\.socket\.\n$/,
    );
  });
});
