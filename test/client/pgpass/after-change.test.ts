// Who is told of a change, and of being ready: processes, programs, probes.
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { answerHealth } from '../../../src/client/pgpass/answer-health.ts';
import { createAfterChange } from '../../../src/client/pgpass/after-change.ts';
import { parseLoopbackAddress } from '../../../src/client/health/parse-address.ts';
import type { AfterChangePlan } from '../../../src/client/pgpass/pgpass-plan.ts';
import { createReadyFile } from '../../../src/client/health/ready-file.ts';
import { serveHealth } from '../../../src/client/health/serve-health.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { poll } from '../../support/poll.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let said: string[];
const inside = (name: string): string => join(folder.path, name);
const say = (members: object, message: string) => {
  said.push(`${message}${'reason' in members ? `: ${String(members.reason)}` : ''}`);
};
const log = { info: say, warn: say, error: say };

beforeEach(async () => {
  folder = await createTemporaryFolder('after-change');
  said = [];
});

afterEach(async () => {
  await folder.remove();
});

function after(plan: AfterChangePlan, kill?: (pid: number) => void) {
  return createAfterChange(plan, {
    env: { PATH: process.env['PATH'] },
    log,
    signal: new AbortController().signal,
    ...(kill === undefined ? {} : { kill }),
  });
}

describe('a process', () => {
  it('gets SIGHUP, by its ID or by the file that has it', async () => {
    const got: number[] = [];
    await writeFile(inside('pid'), '77\n/var/lib/postgresql\n5432\n');
    for (const signal of ['42', inside('pid')]) await after({ signal }, (pid) => got.push(pid))();
    expect([got, said]).toEqual([[42, 77], []]);
  });

  it.each([
    ['0', 'expected a process ID, saw "0"'],
    ['-1', 'ENOENT'],
    ['/none', 'ENOENT'],
  ])('is not sent it, and that is said, when it is named %s', async (signal, reason) => {
    await after({ signal }, () => {
      throw new Error('sent');
    })();
    expect(said).toEqual([`a process could not be sent SIGHUP: ${reason}`]);
  });

  it('may have ended', async () => {
    await after({ signal: '42' }, () => {
      throw Object.assign(new Error('gone'), { code: 'ESRCH' });
    })();
    expect(said).toEqual(['a process could not be sent SIGHUP: ESRCH']);
  });
});

describe('a program', () => {
  it('is run after a change, and once more for all the changes while it ran', async () => {
    await writeFile(inside('program'), `#!/bin/sh\necho x >> '${inside('runs')}'\nsleep 0.2\n`);
    await chmod(inside('program'), 0o755);
    const tell = after({ exec: [inside('program')] });
    await Promise.all([tell(), tell(), tell()]);
    expect([await readFile(inside('runs'), 'utf8'), said]).toEqual(['x\nx\n', []]);
  });

  it('that fails is told of, with what it says', async () => {
    await after({ exec: ['sh', '-c', 'echo sorry >&2; exit 1'] })();
    expect(said).toEqual([
      'a program said',
      'a program that follows a change has failed: it ended with status 1',
    ]);
  });
});

describe('the readiness file', () => {
  it('is there while it is ready', async () => {
    const { set } = createReadyFile(inside('ready'), log);
    await writeFile(inside('target'), 'mine');
    await symlink('target', inside('ready'));
    void set(false);
    await set(true);
    expect(await readFile(inside('ready'), 'utf8')).toBe('ready\n');
    expect(await readFile(inside('target'), 'utf8')).toBe('mine');
    await set(false);
    await expect(readFile(inside('ready'))).rejects.toThrow('ENOENT');
  });

  it('that cannot be made is told of', async () => {
    await mkdir(inside('ready'));
    await createReadyFile(inside('ready'), log).set(true);
    expect(said[0]).toMatch(/^the readiness file cannot be replaced: /);
  });
});

describe('health over HTTP', () => {
  it('says whether clients can log in, and never with what', async () => {
    let ready = false;
    const port = await findFreePort();
    const line = {
      host: 'db',
      port: '5432',
      database: '*',
      user: 'alice',
      source: 'file /x',
      ready,
      expiresAt: 5,
      fault: 'gone',
    };
    const health = serveHealth(
      { host: '127.0.0.1', port },
      answerHealth({ isReady: () => ready, lines: () => [line] }),
      log,
    );
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      return [response.status, await response.text()];
    };
    await poll('an answer', async () => ask('/livez').catch(() => undefined));
    const body = `${JSON.stringify({ ready: false, lines: [line] })}\n`;
    expect(await ask('/livez')).toEqual([200, body]);
    expect(await ask('/readyz')).toEqual([503, body]);
    ready = true;
    expect((await ask('/readyz'))[0]).toBe(200);
    expect((await ask('/'))[0]).toBe(404);
    expect((await ask('/readyz', 'POST'))[0]).toBe(404);

    const second = serveHealth(
      { host: '127.0.0.1', port },
      answerHealth({ isReady: () => ready, lines: () => [] }),
      log,
    );
    await poll(
      'a word on it',
      () => said.includes('health cannot be served: the port is in use') || undefined,
    );
    second.close();
    health.close();
  });

  it.each([
    ['127.0.0.1:10433', { host: '127.0.0.1', port: 10_433 }],
    ['127.9.9.9:1', { host: '127.9.9.9', port: 1 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    ['0.0.0.0:80', undefined],
    ['10.0.0.1:80', undefined],
    ['127.0.0.1', undefined],
    ['127.0.0.1:0', undefined],
    ['127.0.0.1:70000', undefined],
    ['127.0.0.256:80', undefined],
    ['localhost:80', undefined],
    ['[::]:80', undefined],
  ])('is served on loopback alone: %s', (text, address) => {
    expect(parseLoopbackAddress(text)).toEqual(address);
  });
});
