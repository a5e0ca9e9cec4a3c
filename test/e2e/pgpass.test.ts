// `pgtoken pgpass` in the life of a program that knows nothing of tokens: real PostgreSQL, module and daemon, tokens that live for
// 20 seconds, and psql that connects anew without a pause, by the .pgpass alone. No login fails.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { entryOf } from '../support/entry-of.ts';
import type { Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { run, type RunResult } from '../support/run.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { useDaemonHost } from '../support/use-daemon-host.ts';

const ROLE = 'foo:myservice';
/** Seconds. The kubelet replaces a token at 80 % of its life. */
const LIFE = 20;
const REPLACED_AT = 16;
/** For how long there are logins. */
const SECONDS = 40;

const on = useDaemonHost(ROLE);
let folder: TemporaryFolder;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await createTemporaryFolder('pgpass');
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await folder.remove();
});

/** The issuer's daemon demands exact times: a token counts until its `exp`, and no longer. */
const entryFor = (issuer: Issuer) => entryOf('cluster', issuer, { token: { clockSkew: '0s' } });
const mint = async (issuer: Issuer, more: Readonly<Record<string, unknown>> = {}) => {
  const now = Math.floor(Date.now() / 1000);
  return issuer.mint({ iat: now, nbf: now, exp: now + LIFE, ...more });
};

/** Starts it with a .pgpass of its own. */
function keep(name: string, ...args: readonly string[]) {
  const file = join(folder.path, name);
  const port = String(on.host.cluster.port);
  const child = spawn(
    on.host.installation.command,
    ['pgpass', '--host', '127.0.0.1', '--port', port, '--user', ROLE, '--file', file, ...args],
    { env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'close');
    return child.exitCode;
  };
  return { file, stop, output: () => output };
}

async function logIn(passfile: string): Promise<RunResult> {
  return run(
    join(on.host.cluster.binFolder, 'psql'),
    ['-X', '-w', '-A', '-t', '-c', 'select current_user'],
    {
      cwd: folder.path,
      env: {
        HOME: folder.path,
        PGHOST: '127.0.0.1',
        PGPORT: String(on.host.cluster.port),
        PGUSER: ROLE,
        PGDATABASE: 'postgres',
        PGPASSFILE: passfile,
        PGSSLMODE: 'disable',
        PGGSSENCMODE: 'disable',
      },
    },
  );
}

/** Logs in again and again. @returns how many times, and what was said by those that failed. */
async function logInUntil(end: number, passfile: string) {
  const failures: string[] = [];
  let logins = 0;
  while (Date.now() < end) {
    const { status, stderr } = await logIn(passfile);
    logins += 1;
    if (status !== 0) failures.push(stderr);
  }
  return { logins, failures };
}

it(`lets psql in for ${SECONDS} seconds with tokens of ${LIFE}, from a volume of Kubernetes and from a command`, async () => {
  await using issuer = await on.newIssuer();
  await using _daemon = await on.host.startDaemon({ issuers: [entryFor(issuer)] });
  const inside = (name: string): string => join(folder.path, name);
  // As the kubelet does it.
  let version = 0;
  const publish = async () => {
    const token = await mint(issuer);
    version += 1;
    await mkdir(inside(`..${version}`));
    await writeFile(inside(`..${version}/postgres`), token);
    await symlink(`..${version}`, inside('..data_tmp'));
    await rename(inside('..data_tmp'), inside('..data'));
    await rm(inside(`..${version - 1}`), { recursive: true, force: true });
  };
  await publish();
  await symlink('..data/postgres', inside('postgres'));
  // A command that has a fresh one whenever it is asked.
  await writeFile(inside('fresh'), await mint(issuer));
  await writeFile(
    inside('ask'),
    `#!/bin/sh\necho asked >> '${inside('asked')}'\ncat '${inside('fresh')}'\n`,
  );
  await chmod(inside('ask'), 0o755);

  const end = Date.now() + SECONDS * 1000;
  const followed = keep('followed', '--token-file', inside('postgres'));
  const asked = keep('asked-pgpass', '--', inside('ask'));
  for (const { file } of [followed, asked]) {
    await poll('the first .pgpass', async () => readFile(file).catch(() => undefined));
  }
  const kubelet = setInterval(() => void publish(), REPLACED_AT * 1000);
  const issuing = setInterval(() => {
    void mint(issuer).then(async (token) => {
      await writeFile(inside('fresh.new'), token);
      await rename(inside('fresh.new'), inside('fresh'));
    });
  }, 1000);
  let results;
  try {
    results = await Promise.all([logInUntil(end, followed.file), logInUntil(end, asked.file)]);
  } finally {
    clearInterval(kubelet);
    clearInterval(issuing);
  }
  for (const { logins, failures } of results) {
    expect(failures).toEqual([]);
    expect(logins).toBeGreaterThan(20);
  }
  expect(version).toBeGreaterThanOrEqual(3);
  // Asked for at 75 to 80 % of each one's life, and not all the time.
  const times = (await readFile(inside('asked'), 'utf8')).trim().split('\n').length;
  expect([times >= 3, times <= 5]).toEqual([true, true]);
  expect(await Promise.all([followed.stop(), asked.stop()])).toEqual([0, 0]);
  expect(followed.output() + asked.output()).not.toMatch(/eyJ|"level":"(?:error|fatal)"/);
}, 120_000);

it('keeps the good token while its source breaks, lets nobody in with an expired one, and goes on when it is well', async () => {
  await using issuer = await on.newIssuer();
  await using _daemon = await on.host.startDaemon({ issuers: [entryFor(issuer)] });
  const token = join(folder.path, 'token');
  const replace = async (text: string) => {
    await writeFile(`${token}.new`, text);
    await rename(`${token}.new`, token);
  };
  const now = Math.floor(Date.now() / 1000);
  await replace(await mint(issuer, { exp: now + 8 }));
  const { file, stop, output } = keep('broken', '--token-file', token);
  await poll('the first .pgpass', async () => readFile(file).catch(() => undefined));
  await replace('{"error": "not today"}');
  await poll('a word on it', () => output().includes('it is not a JWT') || undefined);
  expect(await logIn(file)).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
  await poll(
    'the end of the token',
    () => output().includes('has expired and there is no other') || undefined,
  );
  expect(await logIn(file)).toMatchObject({ status: 2 });
  const started = performance.now();
  await replace(await mint(issuer));
  await poll('a login', async () => ((await logIn(file)).status === 0 ? true : undefined), 5000);
  expect(performance.now() - started).toBeLessThan(3000);
  expect(await stop()).toBe(0);
});

it('writes a file for libpq over a connection string with a socket folder, an odd role and several hosts', async () => {
  await using issuer = await on.newIssuer();
  await using _daemon = await on.host.startDaemon({ issuers: [entryFor(issuer)] });
  const token = join(folder.path, 'odd-token');
  await writeFile(token, await mint(issuer));
  const file = join(folder.path, 'odd');
  const { socketFolder, port } = on.host.cluster;
  const role = ['--user-from', 'sub', '--trim-prefix', 'system:serviceaccount:'];
  const server = ['--host', `${socketFolder},127.0.0.1`, '--port', String(port)];
  const given = [...server, ...role, '--token-file', token, '--file', file, '--once'];
  const written = await run(on.host.installation.command, ['pgpass', ...given]);
  expect(written).toMatchObject({ status: 0, stdout: '', stderr: '' });
  for (const host of [socketFolder, '127.0.0.1', `127.0.0.1,${socketFolder}`]) {
    const answer = await run(
      join(on.host.cluster.binFolder, 'psql'),
      ['-X', '-w', '-A', '-t', '-c', 'select current_user'],
      {
        cwd: folder.path,
        env: {
          HOME: folder.path,
          PGHOST: host,
          PGPORT: String(port),
          PGUSER: ROLE,
          PGDATABASE: 'postgres',
          PGPASSFILE: file,
        },
      },
    );
    expect(answer).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
  }
});
