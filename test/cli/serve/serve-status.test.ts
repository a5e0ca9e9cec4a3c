// What the daemon says of itself to whoever supervises it: systemd, and the command that `systemctl reload` runs.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { poll } from '../../support/poll.ts';
import { run, type RunResult } from '../../support/run.ts';
import { startDaemonProcess, type DaemonProcess } from '../../support/start-daemon-process.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';

const RELOAD = join(import.meta.dirname, '..', '..', '..', 'packaging', 'systemd', 'reload');

let folder: TemporaryFolder;
let daemon: DaemonProcess | undefined;
const inside = (path: string): string => join(folder.path, path);

beforeEach(async () => {
  folder = await createTemporaryFolder('serve-status');
  await mkdir(inside('state'));
  await write(issuersYAML('prod'));
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  await folder.remove();
});

async function write(text: string): Promise<void> {
  await writeFile(inside('issuers.yaml'), text);
  await chmod(inside('issuers.yaml'), 0o644);
}
const issuersYAML = (name: string): string =>
  writeIssuersYAML([
    {
      name,
      issuer: { url: 'https://issuer.example.com', audiences: ['postgres'] },
      roles: [{ claim: 'sub' }],
    },
  ]);

async function start(...env: readonly string[]): Promise<DaemonProcess> {
  daemon = startDaemonProcess({
    args: [
      `--config=${inside('issuers.yaml')}`,
      `--socket=${inside('pgtoken.sock')}`,
      `--cache-dir=${inside('cache')}`,
    ],
    wrapper: ['env', ...env],
  });
  await daemon.waitForLine('ready');
  return daemon;
}

describe('the reload of systemd', () => {
  const reload = async ({ pid }: DaemonProcess): Promise<RunResult> =>
    run('env', [`RUNTIME_DIRECTORY=${inside('state')}`, RELOAD, String(pid)]);
  const untilWritten = async (): Promise<string> =>
    poll('the status', async () => readFile(inside('state/status'), 'utf8').catch(() => undefined));

  it('succeeds once the new configuration is in force', async () => {
    const running = await start(`RUNTIME_DIRECTORY=${inside('state')}`);
    expect(await untilWritten()).toBe('reloads 0\nin force\n');
    await write(issuersYAML('other'));
    expect(await reload(running)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(await untilWritten()).toBe('reloads 1\nin force\n');
    const line = running.lines().findLast(({ msg }) => msg === 'configuration in force');
    expect(line).toMatchObject({ issuers: ['other'] });
  });

  it('fails with what is wrong when it is not, each time, and succeeds again when it is', async () => {
    const running = await start(`RUNTIME_DIRECTORY=${inside('state')}`);
    await untilWritten();
    await write(issuersYAML('Other'));
    for (let count = 0; count < 2; count += 1) {
      const { status, stdout, stderr } = await reload(running);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain('pgtoken: the configuration as it is now is not in force\n');
      expect(stderr).toContain(`${inside('issuers.yaml')}:3:11: issuers[0].name: Invalid value: `);
    }
    await write(issuersYAML('other'));
    expect(await reload(running)).toMatchObject({ status: 0 });
  });
});

describe('systemd', () => {
  /** A stand-in that writes down how it is called. */
  const fakeNotify = async (): Promise<void> => {
    await mkdir(inside('bin'));
    const script = `#!/bin/sh\nprintf '%s\\n' "$*" >>'${inside('told')}'\n`;
    await writeFile(inside('bin/systemd-notify'), script, { mode: 0o755 });
  };
  const told = async (): Promise<string[]> =>
    (await readFile(inside('told'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
  const untilTold = async (count: number): Promise<string[]> =>
    poll(`${count} words`, async () => {
      const words = await told();
      return words.length >= count ? words : undefined;
    });

  it('is told that the daemon is ready once a configuration is in force, and not before', async () => {
    await fakeNotify();
    await write('issuers: [');
    await start('NOTIFY_SOCKET=/nonexistent', `PATH=${inside('bin')}:/usr/bin:/bin`);
    expect(await untilTold(1)).toEqual([
      expect.stringMatching(/^--status=nobody can log in: .*issuers\.yaml:1:11: Invalid YAML: /),
    ]);
    await write(issuersYAML('prod'));
    expect((await untilTold(2)).slice(1)).toEqual(['--ready --status=1 issuer in force']);
  });

  it('that cannot be told is a warning', async () => {
    const running = await start('NOTIFY_SOCKET=/nonexistent', 'PATH=/nonexistent:/usr/bin:/bin');
    const line = await running.waitForLine('systemd could not be told');
    expect(line).toMatchObject({ level: 'warn' });
  });
});
