// Drives the module through the real libpam: builds it and the test application, writes pam.d directories, plays the
// daemon. What must stay true: no root, no syslog, nothing outside of pam/build and one temporary folder for each run.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { z } from 'zod';

const here = import.meta.dirname;
const pamDirectory = join(here, '../../pam');
const buildDirectory = join(pamDirectory, 'build');

export const LOG_ERR = 3;
export const LOG_NOTICE = 5;
export const LOG_DEBUG = 7;
export const PAM_ERROR_MSG = 3;
export const PAM_SILENT = 0x8000;

/** How the module was built, and the programs that call it. */
export interface Build {
  readonly name: string;
  /** What the Makefile builds, and whether it builds a module. */
  readonly make: readonly string[];
  readonly module: string;
  readonly pamrun: string;
  readonly pooler: string;
}

function describeBuild(name: string, folder: string, make: readonly string[]): Build {
  const out = join(buildDirectory, folder);
  return {
    name,
    make: [`OUT=${out}`, ...make],
    module:
      make.length === 0 ? join(buildDirectory, 'pam_pgtoken.so') : join(out, 'pam_pgtoken.so'),
    pamrun: join(out, 'pamrun'),
    pooler: join(out, 'pooler'),
  };
}

/** The module as it ships. */
export const shipped = describeBuild('as it ships', 'test', []);

/**
 * The same sources under AddressSanitizer and UndefinedBehaviorSanitizer, which end the run at the first finding; or, for
 * measure-coverage.ts, with counters in them.
 */
export const sanitized =
  process.env['PGTOKEN_PAM_COVERAGE'] === undefined
    ? describeBuild('under ASan and UBSan', 'test-address', ['KIND=address'])
    : describeBuild('with counters', 'test-coverage', ['KIND=coverage']);

/** The same sources under ThreadSanitizer, which reports what it finds at the end of the run. */
export const threadSanitized = describeBuild('under ThreadSanitizer', 'test-thread', [
  'KIND=thread',
]);

/** A build with a fault planted in the module: a header of planted/. */
export function planted(using: Build, fault: string): Build {
  const kind = using.make.find((word) => word.startsWith('KIND='));
  const folder = `planted-${fault}-${kind?.slice('KIND='.length) ?? 'plain'}`;
  const make = [...(kind === undefined ? [] : [kind]), `PLANT=planted/${fault}.h`];
  return describeBuild(`${using.name}, with a planted ${fault}`, folder, make);
}

export const inspectHelper = join(buildDirectory, 'test', 'inspect');

/** Builds what is out of date. Test files run side by side, hence the lock. A missing compiler fails. */
export function buildAll(builds: readonly Build[]): void {
  mkdirSync(buildDirectory, { recursive: true });
  const make = (...args: string[]): void => {
    execFileSync('flock', [join(buildDirectory, '.lock'), 'make', '-s', ...args], {
      stdio: 'pipe',
    });
  };
  make('-C', pamDirectory);
  for (const one of builds) make('-C', here, ...one.make);
}

/** Builds what most tests need. */
export function build(): void {
  buildAll([shipped, sanitized]);
}

// The tests of a file run side by side, so that what they leave is cleaned up after the last one.
const root = mkdtempSync(join(tmpdir(), 'pgtoken-pam-'));
chmodSync(root, 0o755); // what is in there is 0700 unless a test says otherwise
const servers = new Set<Server>();
const sockets = new Set<Socket>();
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  rmSync(root, { recursive: true, force: true });
});

/** A new folder. */
export function temporaryFolder(): string {
  return mkdtempSync(join(root, 't'));
}

type Value = string | number | Buffer;

/** One line of the test application's script; pamrun.c has the list. */
export function step(name: string, ...args: Value[]): string {
  const hex = (value: Value): string =>
    (Buffer.isBuffer(value) ? value : Buffer.from(String(value))).toString('hex');
  return [name, ...args.map(hex)].join(' ');
}

export const start = (service: string, user: Value): string => step('start', service, user);
export const token = (value: Value): string => step('token', value);
export const auth = (flags = 0, count = 1): string => step('auth', flags, count);
export const acct = (flags = 0): string => step('acct', flags);
export const cred = (): string => step('cred', 0);
export const state = 'state';

// Text is valid UTF-8, or the run fails.
const text = z
  .hex()
  .transform((hex) => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(hex, 'hex')));

// What a step came to. A call into libpam has a code, what the application was told and what went to syslog; "state" has
// what a module must leave alone in its process, and more of it than is spelt out here.
const line = z.looseObject({
  step: z.string(),
  code: z.string().optional(),
  ms: z.number().optional(),
  messages: z.array(z.strictObject({ style: z.number(), text })).default([]),
  log: z.array(z.strictObject({ priority: z.number(), text })).default([]),
  granted: z.number().optional(),
  children: z.boolean().optional(),
});

export type Result = z.output<typeof line>;

/** pam.d files by service; the word MODULE stands for the path of the module. */
export type Services = Record<string, string[]>;

/** Runs the test application and returns a result for each step that has one. */
export async function pam(using: Build, services: Services, steps: string[]): Promise<Result[]> {
  const confdir = temporaryFolder();
  for (const [service, lines] of Object.entries(services)) {
    writeFileSync(
      join(confdir, service),
      `${lines.join('\n')}\n`.replaceAll('MODULE', using.module),
    );
  }
  const child = spawn(using.pamrun, { env: { UBSAN_OPTIONS: 'print_stacktrace=1' } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (stdout += more));
  child.stderr.setEncoding('utf8').on('data', (more: string) => (stderr += more));
  child.stdin.end(`${[step('confdir', confdir), ...steps].join('\n')}\n`);
  const exit = await once(child, 'close');
  assert.deepEqual({ exit, stderr }, { exit: [0, null], stderr: '' });
  return stdout
    .split('\n')
    .filter((json) => json !== '')
    .map((json) => line.parse(JSON.parse(json)));
}

/** A pam.d file that lists the module, with these options, for logins and for account checks. */
export function stack(options: string[]): string[] {
  const args = options.map((option) => `[${option}]`).join(' ');
  return [`auth required MODULE ${args}`, `account required MODULE ${args}`];
}

export interface Login {
  service?: string;
  user?: Value;
  rhost?: Value;
  token?: Value;
  /** Steps before the call to pam_authenticate. */
  before?: string[];
  flags?: number;
  count?: number;
}

/** Script steps of one login; PAM_RHOST is not set unless given. */
export function loginSteps(how: Login = {}): string[] {
  return [
    start(how.service ?? 'postgresql', how.user ?? 'foo'),
    ...(how.rhost === undefined ? [] : [step('rhost', how.rhost)]),
    token(how.token ?? 'header.claims.signature'),
    ...(how.before ?? []),
    auth(how.flags, how.count),
  ];
}

/** One login, or several with count, with the module alone in the stack. */
export async function logins(using: Build, options: string[], how: Login = {}): Promise<Result[]> {
  return pam(using, { [how.service ?? 'postgresql']: stack(options) }, loginSteps(how));
}

export async function login(using: Build, options: string[], how: Login = {}): Promise<Result> {
  const [result] = await logins(using, options, how);
  assert.ok(result !== undefined);
  return result;
}

type Expected = Pick<Result, 'messages' | 'log'> & { code: string };

/** A refusal in full: the PAM code, the one message for the application, the one line for syslog. */
export function refusal(
  code: string,
  why: string,
  names = 'service=postgresql rhost=- user=foo',
): Expected {
  const priority = code === 'PAM_AUTH_ERR' ? LOG_NOTICE : LOG_ERR;
  return {
    code,
    messages: [{ style: PAM_ERROR_MSG, text: `pgtoken: ${why}` }],
    log: [{ priority, text: `${why} (${names})` }],
  };
}

export const denied = (why: string, names?: string): Expected =>
  refusal('PAM_AUTH_ERR', why, names);
export const unavailable = (why: string, names?: string): Expected =>
  refusal('PAM_AUTHINFO_UNAVAIL', why, names);

/** A grant: success, and not a word about it. */
export const granted: Expected = { code: 'PAM_SUCCESS', messages: [], log: [] };

/** What a fake daemon does; connections count from 1. */
export interface Handlers {
  connection?: (socket: Socket, count: number) => void;
  request?: (socket: Socket, request: Buffer, count: number) => void;
}

export interface Daemon {
  readonly path: string;
  readonly requests: Buffer[];
  connections: number;
}

/** The size of the whole request at the start of bytes, or undefined while there is more to come. */
function requestSize(bytes: Buffer): number | undefined {
  const head = bytes.indexOf('\0\0'); // the end of the last field, then the empty string
  const end = head < 0 ? -1 : bytes.indexOf(0, head + 2);
  return end < 0 ? undefined : end + 1;
}

/** Listens on a socket of its own. */
export async function fakeDaemon(handlers: Handlers): Promise<Daemon> {
  const daemon: Daemon = { path: join(temporaryFolder(), 'd.sock'), requests: [], connections: 0 };
  const server = createServer((socket) => {
    daemon.connections += 1;
    const count = daemon.connections;
    let bytes = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    handlers.connection?.(socket, count);
    socket.on('data', (data: Buffer) => {
      bytes = Buffer.concat([bytes, data]);
      if (requestSize(bytes) === undefined) return;
      daemon.requests.push(bytes);
      handlers.request?.(socket, bytes, count);
    });
  });
  servers.add(server);
  server.listen(daemon.path);
  await once(server, 'listening');
  return daemon;
}

/** Handlers that answer every request with these bytes and close. */
export const replying = (reply: string | Buffer): Handlers => ({
  request: (socket) => socket.end(reply),
});

/** The value of one field of a request. */
export function field(request: Buffer, name: string): string | undefined {
  const strings = request.toString('latin1').split('\0');
  return strings.find((string) => string.startsWith(`${name}=`))?.slice(name.length + 1);
}
