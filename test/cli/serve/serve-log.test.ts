// The daemon and whoever reads its log: a reader that stops, or never comes, holds up nobody.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { askDaemon } from '../../support/ask-daemon.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { poll } from '../../support/poll.ts';
import { runChecked } from '../../support/run-checked.ts';
import { signToken } from '../../support/sign-token.ts';
import { createSigningKey, type SigningKey } from '../../support/signing-key.ts';
import { startDaemonProcess } from '../../support/start-daemon-process.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';

const URL = 'https://issuer.example.com';
const SUBJECT = `alice${'x'.repeat(251)}`;
const COMMAND = join(import.meta.dirname, '..', '..', '..', 'bin', 'pgtoken');
const line = z.looseObject({ msg: z.string(), lost: z.optional(z.number()) });

let folder: TemporaryFolder;
let key: SigningKey;
const inside = (path: string): string => join(folder.path, path);

beforeEach(async () => {
  folder = await createTemporaryFolder('serve-log');
  key = await createSigningKey('ES256', 'key-1');
  await writeFile(inside('keys.json'), JSON.stringify({ keys: [key.publicJWK] }), { mode: 0o644 });
  await writeConfig('foo');
});
afterEach(async () => {
  await folder.remove();
});

async function writeConfig(role: string): Promise<void> {
  const text = writeIssuersYAML([
    {
      name: 'prod',
      issuer: { url: URL, audiences: ['postgres'] },
      keys: { jwksFile: 'keys.json' },
      roles: [{ claim: 'sub', equals: SUBJECT, role }],
    },
  ]);
  await writeFile(inside('issuers.yaml'), text, { mode: 0o644 });
}

const options = (): string[] => [
  `--config=${inside('issuers.yaml')}`,
  `--socket=${inside('pgtoken.sock')}`,
  `--cache-dir=${inside('cache')}`,
];

/** A token whose audit line is as long as one can be. */
function mint(): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: URL, aud: 'postgres', iat: now, exp: now + 600, jti: 'j'.repeat(256) };
  return signToken(key, { ...claims, sub: SUBJECT });
}

const ask = async (user: string, token: string): Promise<string> =>
  askDaemon(inside('pgtoken.sock'), { user, token });

describe('while nobody reads its log', () => {
  /** The end of the pipe that nobody reads, until the test does. */
  let reader: number;
  let daemon: ChildProcess;
  let port: number;

  beforeEach(async () => {
    await runChecked('mkfifo', [inside('log')]);
    reader = openSync(inside('log'), constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(inside('log'), 'w');
    port = await findFreePort();
    daemon = spawn(
      'setpriv',
      ['--pdeathsig=KILL', '--', COMMAND, 'serve', ...options(), '--metrics', `127.0.0.1:${port}`],
      { stdio: ['ignore', writer, 'inherit'] },
    );
    closeSync(writer);
    await poll('the socket', async () =>
      (await ask('nobody', 'x')).startsWith('denied') ? true : undefined,
    );
  });
  afterEach(() => {
    daemon.kill('SIGKILL');
    closeSync(reader);
  });

  const countLost = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(/^pgtoken_log_lines_lost_total (\d+)$/m.exec(text)?.[1]);
  };
  /** Logs in until lines are lost. @returns how many logins that took. */
  const fillLog = async (): Promise<number> => {
    const token = mint();
    let logins = 0;
    while ((await countLost()) === 0) {
      for (let count = 0; count < 100; count += 1) {
        expect(await ask('foo', token)).toBe('granted');
        logins += 1;
      }
    }
    return logins;
  };
  /** Reads until a line with this message has come. */
  const readUntil = async (msg: string): Promise<z.output<typeof line>[]> => {
    let text = '';
    const buffer = Buffer.alloc(64 * 1024);
    await poll(`"${msg}" in the log`, () => {
      try {
        for (let count; (count = readSync(reader, buffer)) > 0;) {
          text += buffer.toString('latin1', 0, count);
        }
      } catch {
        // There is nothing more at the moment.
      }
      return text.includes(`"msg":"${msg}"}\n`) || undefined;
    });
    return text
      .split('\n')
      .slice(0, -1)
      .map((json) => line.parse(JSON.parse(json)));
  };

  it('the daemon answers, reloads and serves metrics; the lines that were lost are counted, and told when it flows again', async () => {
    const logins = (await fillLog()) + 1; // and the one that found it awake
    await writeConfig('bar');
    daemon.kill('SIGHUP');
    await poll('the new configuration', async () =>
      (await ask('bar', mint())) === 'granted' ? true : undefined,
    );

    const lines = await readUntil('lines of the log were lost, as nobody took them in time');
    const gap = lines.findIndex(({ lost }) => lost !== undefined);
    expect(lines[gap]).toMatchObject({ level: 'warn' });
    // In order and whole up to the gap; what was lost is all that is missing.
    const before = lines.slice(0, gap).filter(({ msg }) => msg === 'decision').length;
    expect(before).toBeGreaterThan(500);
    expect(before).toBeLessThan(logins);
    expect(lines[gap]?.lost).toBe(await countLost());
    // From now on every line comes again.
    await ask('nobody', 'x');
    await readUntil('decision');
  });

  it('SIGTERM ends it with status 0', async () => {
    await fillLog();
    const ended = once(daemon, 'close');
    daemon.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});

describe('what its log says', () => {
  it('comes whole at the end, also of the last moment', async () => {
    await using daemon = startDaemonProcess({ args: options() });
    await daemon.waitForLine('ready');
    const token = mint();
    await Promise.all(Array.from({ length: 50 }, async () => ask('foo', token)));
    expect(await daemon.stop()).toBe(0);
    expect(daemon.lines().filter(({ msg }) => msg === 'decision')).toHaveLength(50);
    expect(daemon.lines().at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it('has priorities where systemd says that it goes to the journal', async () => {
    const file = inside('journal');
    await writeFile(file, '');
    const { dev, ino } = statSync(file, { bigint: true });
    await using daemon = startDaemonProcess({
      args: options(),
      wrapper: ['env', `JOURNAL_STREAM=${dev}:${ino}`, 'sh', '-c', `exec "$@" >>'${file}'`, 'sh'],
    });
    await poll('the daemon ready', () =>
      readFileSync(file, 'utf8').includes('"ready"') ? true : undefined,
    );
    expect(await daemon.stop()).toBe(0);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.filter((text) => !/^<6>\{"level":"info",.*\}$/.test(text))).toEqual([]);
  });

  it('of a failure that nobody foresaw says where it happened, and the status asks for another start', async () => {
    const fault = inside('fault.mjs');
    await writeFile(
      fault,
      'setInterval(() => { if (process.title.startsWith("pgtoken ")) throw new Error("secret"); }, 50);\n',
    );
    await using daemon = startDaemonProcess({
      args: options(),
      wrapper: ['env', `NODE_OPTIONS=--import=${fault}`],
    });
    expect(await daemon.ended).toBe(1);
    expect(daemon.lines()).toContainEqual(
      expect.objectContaining({ level: 'fatal', msg: 'the daemon has failed' }),
    );
    expect(daemon.output()).toContain('fault.mjs');
    expect(daemon.output()).not.toContain('secret');
  });
});

it('is called pgtoken, with its options, wherever processes are listed', async () => {
  await using daemon = startDaemonProcess({ args: options() });
  await daemon.waitForLine('ready');
  expect(readFileSync(`/proc/${daemon.pid}/comm`, 'utf8')).toBe('pgtoken\n');
  const title = readFileSync(`/proc/${daemon.pid}/cmdline`, 'utf8').replace(/\0+$/, '');
  expect(title).toBe(['pgtoken', 'serve', ...options()].join(' '));
});
