// `pgtoken pooler` with a real PgBouncer, in a folder of its own, as the server's user: PgBouncer does not run as root. It dies with
// the test process.
import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod';
import { Client } from 'pg';

import { asServerUser, ownedByServerUser } from './as-server-user.ts';
import { findFreePort } from './find-free-port.ts';
import { poll } from './poll.ts';
import { runChecked } from './run-checked.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

/** A line of its log. */
const lineSchema = z.looseObject({ level: z.string(), msg: z.string() });
export type PoolerLine = z.output<typeof lineSchema>;

/** What /readyz answers, as far as tests look at it. */
const statusSchema = z.looseObject({
  ready: z.boolean(),
  pgbouncer: z.looseObject({ up: z.boolean(), pid: z.optional(z.number()), restarts: z.number() }),
  tenants: z.array(z.looseObject({ alias: z.string(), ready: z.boolean() })),
});

/** A folder with PgBouncer in it, and room for what a test needs. */
export interface PoolerHost extends AsyncDisposable {
  readonly folder: string;
  /** PgBouncer, new enough. */
  readonly program: string;
  readonly inside: (name: string) => string;
  /** A folder that the user of the pooler may write. */
  readonly makeFolder: (name: string) => Promise<string>;
  readonly start: (options: StartPoolerOptions) => Promise<PoolerProcess>;
}

export interface StartPoolerOptions {
  readonly command: string;
  /** pooler.yaml without its first line, listen, health and pgbouncer. */
  readonly yaml: string;
  /** Default: a new one. */
  readonly folder?: string;
  /** Default: PgBouncer. */
  readonly program?: string;
  /** Default: a free one, of the unix socket alone. */
  readonly port?: number;
  /** An address to listen at as well. */
  readonly address?: string;
}

export interface PoolerProcess {
  readonly folder: string;
  readonly port: number;
  readonly pid: number;
  readonly lines: () => readonly PoolerLine[];
  readonly output: () => string;
  readonly waitForLine: (msg: string, from?: number) => Promise<PoolerLine>;
  readonly get: (path: string) => Promise<{ readonly status: number; readonly body: string }>;
  readonly status: () => Promise<z.output<typeof statusSchema>>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly stop: () => Promise<number | NodeJS.Signals>;
}

/**
 * Copies PgBouncer to where its user can run it.
 *
 * @param suite the release of Debian that it is from, and looks installed of; default: any that is new enough by its own version.
 */
export async function createPoolerHost(suite?: string): Promise<PoolerHost> {
  const folder = await createTemporaryFolder('pooler');
  const inside = (name: string): string => join(folder.path, name);
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
    // What it has left behind.
    const pids = await runChecked('pgrep', ['-f', `${folder.path}/`]).catch(() => '');
    for (const pid of pids.split('\n').filter((line) => line !== '')) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    await folder.remove();
  };
  try {
    const script = join(import.meta.dirname, 'get-pgbouncer.sh');
    const args = suite === undefined ? [] : [suite];
    const made = (await runChecked(script, args, { hangLimit: 300_000 })).trim();
    await cp(made, inside('pgbouncer'), { recursive: true });
    const program = inside('pgbouncer/pgbouncer');
    if (suite !== undefined) {
      // It is unpacked and not installed: what dpkg would say of it if it were.
      const version = (await readFile(inside('pgbouncer/version'), 'utf8')).trim();
      const answers = `case $1 in --search) echo 'pgbouncer: ${program}' ;; *) printf 'installed ${version}' ;; esac`;
      await mkdir(inside('bin'));
      await writeFile(inside('bin/dpkg-query'), `#!/bin/sh\n${answers}\n`);
      await runChecked('chmod', ['0755', inside('bin'), inside('bin/dpkg-query')]);
    }
    const makeFolder = async (name: string): Promise<string> => {
      await runChecked('install', ['-d', '-m', '0755', ...ownedByServerUser(), inside(name)]);
      return inside(name);
    };
    await makeFolder('run');
    let count = 0;
    return {
      folder: folder.path,
      program,
      inside,
      makeFolder,
      async start(options) {
        count += 1;
        const [port, health] = [options.port ?? (await findFreePort()), await findFreePort()];
        const own = options.folder ?? inside(`run/${count}`);
        const config = inside(`pooler-${count}.yaml`);
        await writeFile(
          config,
          `apiVersion: pgtoken/v1\nlisten: {port: ${port}${options.address === undefined ? '' : `, address: ${options.address}`}}\nhealth: 127.0.0.1:${health}\npgbouncer: {path: ${options.program ?? program}}\n${options.yaml}`,
        );
        const words = ['pooler', '--config', config, '--folder', own];
        const child = spawn('setpriv', asServerUser(options.command, words), {
          cwd: '/',
          env: { PATH: `${inside('bin')}:${process.env['PATH']}` },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        children.push(child);
        return watch(child, own, port, health);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function watch(child: ChildProcess, folder: string, port: number, health: number): PoolerProcess {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const { promise: ended, resolve } = Promise.withResolvers<number | NodeJS.Signals>();
  let isOver = false;
  child.on('close', (status, signal) => {
    isOver = true;
    resolve(status ?? signal ?? 'SIGKILL');
  });
  const lines = (): readonly PoolerLine[] =>
    output
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => lineSchema.parse(JSON.parse(line)));
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${health}${path}`);
    return { status: response.status, body: await response.text() };
  };
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  return {
    folder,
    port,
    pid: child.pid ?? -1,
    lines,
    output: () => output,
    waitForLine: async (msg, from = 0) =>
      poll(`"${msg}" in the log of the pooler`, () => {
        const found = lines()
          .slice(from)
          .find((line) => line.msg === msg);
        if (found === undefined && isOver) throw new Error(`the pooler has ended:\n${output}`);
        return found;
      }),
    get,
    status: async () => statusSchema.parse(JSON.parse((await get('/livez')).body)),
    signal,
    ended,
    stop: async () => {
      signal('SIGTERM');
      return ended;
    },
  };
}

/** Asks one statement through a pooler, over a connection of its own. Rejects as the driver does. */
export async function askThrough(
  { folder, port }: Pick<PoolerProcess, 'folder' | 'port'>,
  database: string,
  user: string,
  text = 'select current_user as answer',
): Promise<unknown> {
  const client = new Client({ host: folder, port, database, user, password: '', ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(text);
    return rows[0]?.answer;
  } finally {
    await client.end().catch(() => undefined);
  }
}
