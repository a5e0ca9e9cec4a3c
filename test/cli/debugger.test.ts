// SIGUSR1 makes Node listen for a debugger on the loopback interface, where every user of the host could then run code as the
// daemon's or the server's user. No process of pgtoken does.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { poll } from '../support/poll.ts';
import { createSigningKey } from '../support/signing-key.ts';
import { startDaemonProcess } from '../support/start-daemon-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const LAUNCHER = join(ROOT, 'bin', 'pgtoken');
/** SIGUSR1 in the masks of /proc/PID/status. */
const SIGUSR1 = 1n << 9n;

async function hasSignal(pid: number, mask: 'SigBlk' | 'ShdPnd'): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, digits = ''] = new RegExp(`^${mask}:\\t([0-9a-f]+)$`, 'm').exec(status) ?? [];
  return (BigInt(`0x${digits}`) & SIGUSR1) !== 0n;
}

/** Local addresses, as /proc/net has them, of the TCP sockets that a process listens on. */
async function listListeners(pid: number): Promise<readonly string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(
    descriptors.map(async (name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')),
  );
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map(async (name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')),
  );
  const rows = tables.flatMap((table) => table.split('\n').slice(1, -1));
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(
      ([, , , state, , , , , , inode]) => state === '0A' && targets.includes(`socket:[${inode}]`),
    )
    .map(([, address = '']) => address);
}

/** Sends SIGUSR1 once the process has started so far that it decides what the signal does. */
async function expectDeaf(pid: number): Promise<void> {
  await poll('SIGUSR1 held back', async () =>
    (await hasSignal(pid, 'SigBlk')) ? true : undefined,
  );
  process.kill(pid, 'SIGUSR1');
  // It reaches no thread, now or later.
  expect(await hasSignal(pid, 'ShdPnd')).toBe(true);
  expect(await listListeners(pid)).toEqual([]);
}

it('these tests would see the debugger', async () => {
  const child = spawn(
    process.execPath,
    ['--inspect-port=0', '-e', 'process.stdin.on("data", Object)'],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  try {
    await poll('Node started', async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      const [, caught = '0'] = /^SigCgt:\t([0-9a-f]+)$/m.exec(status) ?? [];
      return (BigInt(`0x${caught}`) & SIGUSR1) === 0n ? undefined : true;
    });
    child.kill('SIGUSR1');
    const listeners = await poll('the debugger', async () => {
      const found = await listListeners(child.pid!);
      return found.length === 0 ? undefined : found;
    });
    expect(listeners).toEqual([expect.stringMatching(/^0100007F:/)]);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});

it('the daemon opens no debugger for SIGUSR1, and lives', async () => {
  await using folder = await createTemporaryFolder('sigusr1');
  const config = await writeConfig(folder.path);
  await using daemon = startDaemonProcess({
    args: [`--config=${config}`, `--socket=${folder.path}/s`, `--cache-dir=${folder.path}/c`],
  });
  await daemon.waitForLine('ready');
  await expectDeaf(daemon.pid);
  // It has gone round its loop, and is told once more.
  const lines = daemon.lines().length;
  daemon.signal('SIGHUP');
  await daemon.waitForLine('configuration in force', lines);
  await expectDeaf(daemon.pid);
  expect(daemon.output()).not.toContain('Debugger');
  expect(await daemon.stop()).toBe(0);
});

it.each([['pam'], ['explain', '--role=alice']])(
  'nor does a command: pgtoken %s',
  async (...args) => {
    await using folder = await createTemporaryFolder('sigusr1');
    const config = await writeConfig(folder.path);
    const child = spawn(LAUNCHER, [...args, `--config=${config}`], {
      env: { HOME: folder.path, PAM_USER: 'alice', PAM_SERVICE: 'x', PAM_TYPE: 'auth' },
    });
    try {
      const ended = collect(child);
      await expectDeaf(child.pid!);
      child.stdin.end('no token\n');
      const { status, output } = await ended;
      expect(status).toBe(1);
      expect(output).toContain('ERR_NOT_A_TOKEN');
      expect(output).not.toContain('Debugger');
    } finally {
      child.kill('SIGKILL');
    }
  },
);

it('nothing starts Node in another way', async () => {
  const launcher = await readFile(LAUNCHER, 'utf8');
  expect(launcher.match(/^\s*exec\b.*$/gm)).toEqual([
    'exec "$node" --disable-sigusr1 $flags "$program" "$@"',
  ]);
  const sources = (await readdir(join(ROOT, 'src'), { recursive: true })).filter((name) =>
    name.endsWith('.ts'),
  );
  const uses = await Promise.all(
    sources.map(async (name) => (await readFile(join(ROOT, 'src', name), 'utf8')).split('\n')),
  );
  const starts = uses
    .flat()
    .filter((line) => /process\.(?:execPath|argv0|argv\[0\])|\bfork\(/.test(line));
  expect(starts.length).toBeGreaterThan(0);
  for (const line of starts) expect(line).toContain('--disable-sigusr1');
});

/** An issuer whose keys need no network. */
async function writeConfig(folder: string): Promise<string> {
  const key = await createSigningKey('ES256', 'key-1');
  const config = join(folder, 'issuers.yaml');
  const issuer = {
    name: 'prod',
    issuer: { url: 'https://issuer.example.com', audiences: ['postgres'] },
    keys: { jwksFile: 'keys.json' },
    roles: [{ claim: 'sub' }],
  };
  await writeFile(join(folder, 'keys.json'), JSON.stringify({ keys: [key.publicJWK] }));
  await writeFile(config, writeIssuersYAML([issuer]));
  return config;
}

async function collect(
  child: ChildProcessWithoutNullStreams,
): Promise<{ status: number | null; output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  await once(child, 'close');
  return { status: child.exitCode, output };
}
