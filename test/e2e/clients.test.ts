// What docs/connect/clients.md promises of clients whose token is replaced: libpq with a .pgpass, written by the container of the
// Kubernetes example, and node-postgres with a function, each with the second token once the first one is of no use. And what it
// says of tokens that do not arrive.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { writePgpassOnce } from '../examples/write-pgpass-once.ts';
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { run, type RunResult } from '../support/run.ts';
import { startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const ROLE = 'foo:myservice';
const stack = new AsyncDisposableStack();
let issuer: Issuer;
let host: DaemonHost;
let folder: string;
let tokenFile: string;

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  host = stack.use(await startDaemonHost([ROLE]));
  stack.use(
    await host.startDaemon({
      issuers: [
        {
          name: 'cluster',
          issuer: {
            url: issuer.url,
            certificateAuthority: issuer.certificateAuthority,
            audiences: ['postgres'],
          },
          roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
        },
      ],
    }),
  );
  folder = stack.use(await createTemporaryFolder('clients')).path;
  tokenFile = join(folder, 'token');
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** A token of its time, in the file: a good one, or one that has expired. */
async function placeToken(state: 'good' | 'expired', bytes: number): Promise<void> {
  const now = Math.floor(Date.now() / 1000) - (state === 'good' ? 0 : 4200);
  await writeFile(tokenFile, `${await issuer.mint({}, { now, bytes })}\n`);
}

/** One round of the container that writes it. */
async function refresh(): Promise<string> {
  const env = { PGHOST: '127.0.0.1', PGPORT: String(host.cluster.port), PGUSER: ROLE };
  expect(await writePgpassOnce(folder, env)).toMatchObject({ status: 0, stderr: '' });
  return join(folder, 'pgpass');
}

async function psql(passfile: string): Promise<RunResult> {
  const command = ['-X', '-w', '-A', '-t', '-c', 'select current_user'];
  return run(join(host.cluster.binFolder, 'psql'), command, {
    cwd: folder,
    env: {
      HOME: folder,
      PGHOST: '127.0.0.1',
      PGPORT: String(host.cluster.port),
      PGUSER: ROLE,
      PGDATABASE: 'postgres',
      PGPASSFILE: passfile,
      PGSSLMODE: 'disable',
      PGGSSENCMODE: 'disable',
    },
  });
}

describe('psql with the .pgpass of the Kubernetes example', () => {
  it('logs in with whatever token is there now, also a long one', async () => {
    await placeToken('good', 8000);
    expect(await psql(await refresh())).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
    await placeToken('good', 1200);
    const passfile = await refresh();
    expect((await readFile(passfile, 'utf8')).length).toBeLessThan(1300);
    expect(await psql(passfile)).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
    await placeToken('expired', 1200);
    await writeFile(passfile, `*:*:*:*:${await readFile(tokenFile, 'utf8')}`);
    expect(await psql(passfile)).toMatchObject({ status: 2, stdout: '' });
    await rm(passfile);
  });

  it('reads no .pgpass that others may read', async () => {
    await placeToken('good', 1200);
    const passfile = await refresh();
    await chmod(passfile, 0o640);
    const answer = await psql(passfile);
    expect(answer.status).toBe(2);
    expect(answer.stderr).toContain('has group or world access');
  });
});

describe('node-postgres with a function for the password', () => {
  it('asks it for each new connection, and connections that are open stay', async () => {
    const pool = new Pool({
      host: '127.0.0.1',
      port: host.cluster.port,
      database: 'postgres',
      user: ROLE,
      ssl: false,
      max: 2,
      password: async () => (await readFile(tokenFile, 'utf8')).trim(),
    });
    try {
      await placeToken('good', 1200);
      const first = await pool.connect();
      await placeToken('expired', 1200);
      await expect(pool.connect()).rejects.toThrow(`PAM authentication failed for user "${ROLE}"`);
      expect((await first.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      await placeToken('good', 1200);
      const second = await pool.connect();
      expect((await second.query('select current_user')).rows).toEqual([{ current_user: ROLE }]);
      first.release();
      second.release();
    } finally {
      await pool.end();
    }
  });
});

describe('a token that does not arrive as it is', () => {
  it('is cut by the terminal when it is pasted, and refused as that', async () => {
    const token = await issuer.mint({}, { bytes: 4400 });
    const mark = await host.cluster.log.mark();
    const said = await pasteAtPrompt(token);
    expect(said).toContain('PAM authentication failed');
    expect(await host.cluster.log.since(mark)).toContain(
      'denied ERR_TOKEN_TRUNCATED the token was cut to 4095 bytes on its way: it ends in its claims. HINT: A terminal cuts a pasted line at 4095 bytes: do not paste the token, read it from a file into PGPASSWORD.',
    );
  });

  it('is let in when it is pasted and shorter', async () => {
    expect(await pasteAtPrompt(await issuer.mint({}, { bytes: 3000 }))).toContain(`${ROLE}\r\n`);
  });

  it('is not found by libpq in a .pgpass with a byte order mark', async () => {
    await placeToken('good', 1200);
    const passfile = await refresh();
    await writeFile(passfile, `\uFEFF${await readFile(passfile, 'utf8')}`);
    const answer = await psql(passfile);
    expect(answer.status).toBe(2);
    expect(answer.stderr).toContain('fe_sendauth: no password supplied');
  });
});

/** What a terminal shows on which somebody pastes this at psql's prompt; the terminal is made by script of bsdutils. */
async function pasteAtPrompt(text: string): Promise<string> {
  const command = `'${join(host.cluster.binFolder, 'psql')}' -X -W -A -t -P pager=off -c 'select current_user'`;
  const child = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
    timeout: 30_000, // nothing stays when psql waits for something else
    env: {
      HOME: folder,
      SHELL: '/bin/sh',
      PGHOST: '127.0.0.1',
      PGPORT: String(host.cluster.port),
      PGUSER: ROLE,
      PGDATABASE: 'postgres',
    },
  });
  let shown = '';
  let isPasted = false;
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    shown += part;
    // What is typed before the prompt is dropped.
    if (isPasted || !shown.includes('Password:')) return;
    isPasted = true;
    child.stdin.write(`${text}\n`);
  });
  await once(child, 'close');
  return shown;
}
