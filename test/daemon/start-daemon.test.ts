// The daemon as a whole, in this process: what it answers, records and counts, and what a reload changes.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { startDaemon, type Daemon, type DaemonOptions } from '../../src/daemon/start-daemon.ts';
import { StartupError } from '../../src/daemon/startup-error.ts';
import { createLogger } from '../../src/log/create-logger.ts';
import { askDaemon, formatRequest } from '../support/ask-daemon.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { bytesOfVector, requestVectors } from '../support/request-vectors.ts';
import { poll } from '../support/poll.ts';
import { signToken } from '../support/sign-token.ts';
import { createSigningKey, type SigningKey } from '../support/signing-key.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const logLine = z.record(z.string(), z.unknown());
const TEXT: unknown = expect.any(String);
const NUMBER: unknown = expect.any(Number);
const URL = 'https://issuer.example.com';

let folder: TemporaryFolder;
let key: SigningKey;
let daemon: Daemon | undefined;
let lines: Record<string, unknown>[];
let metricsPort: number;

const inside = (path: string): string => join(folder.path, path);
const socket = (): string => inside('pgtoken.sock');

beforeEach(async () => {
  folder = await createTemporaryFolder('start-daemon');
  lines = [];
  metricsPort = await findFreePort();
  key = await createSigningKey('ES256', 'key-1');
  await write('keys.json', JSON.stringify({ keys: [key.publicJWK] }));
  await write('issuers.yaml', issuersYAML('foo'));
});

afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  await folder.remove();
});

async function write(name: string, text: string): Promise<void> {
  await writeFile(inside(name), text);
  await chmod(inside(name), 0o644);
}

const issuersYAML = (role: string): string =>
  writeIssuersYAML([
    {
      name: 'prod',
      issuer: { url: URL, audiences: ['postgres'] },
      keys: { jwksFile: 'keys.json' },
      roles: [{ claim: 'sub', equals: 'alice', role }],
    },
  ]);

function mint(claims: Readonly<Record<string, unknown>> = {}): string {
  const now = Math.floor(Date.now() / 1000);
  return signToken(key, {
    iss: URL,
    aud: 'postgres',
    sub: 'alice',
    iat: now,
    exp: now + 600,
    ...claims,
  });
}

const options = (): DaemonOptions => ({
  config: inside('issuers.yaml'),
  socket: socket(),
  group: undefined,
  cacheDir: inside('cache'),
  metrics: `127.0.0.1:${metricsPort}`,
  deadline: 4,
  maxConnections: 64,
  env: {},
  logger: createLogger({
    write: (line) => void lines.push(logLine.parse(JSON.parse(line))),
  }),
  version: '1.2.3',
});

async function start(more: Partial<DaemonOptions> = {}): Promise<Daemon> {
  daemon = await startDaemon({ ...options(), ...more });
  return daemon;
}

const ask = async (user: string, token = mint()): Promise<string> =>
  askDaemon(socket(), { user, token, rhost: '10.0.0.7' });
const logged = (msg: string): Record<string, unknown>[] =>
  lines.filter((line) => line['msg'] === msg);
/** The decisions, once there are so many: they are logged a moment after the answer. */
const loggedDecisions = async (count: number) =>
  poll(`${count} decisions in the log`, () => {
    const found = logged('decision');
    expect(found.length).toBeLessThanOrEqual(count);
    return found.length === count ? found : undefined;
  });
const ours = async (): Promise<string[]> => {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('pgtoken_'));
};

/** Why it cannot start. */
async function failure(more: Partial<DaemonOptions> = {}): Promise<StartupError> {
  const error: unknown = await start(more).catch((reason: unknown) => reason);
  if (!(error instanceof StartupError)) throw new Error('it has started, or failed otherwise');
  return error;
}

it('says which configuration is in force, where it listens and which version it is', async () => {
  await start();
  const config = createHash('sha256').update(issuersYAML('foo')).digest('hex');
  expect(lines).toEqual([
    {
      level: 'info',
      time: TEXT,
      msg: 'configuration in force',
      config,
      issuers: ['prod'],
    },
    { level: 'info', time: TEXT, msg: 'ready', socket: socket(), version: '1.2.3' },
  ]);
  expect(await ours()).toEqual(
    expect.arrayContaining([
      `pgtoken_config_info{hash="${config}"} 1`,
      'pgtoken_build_info{version="1.2.3"} 1',
      'pgtoken_config_reloads_total{outcome="ok"} 1',
      'pgtoken_config_last_reload_successful 1',
    ]),
  );
});

it('warns when nobody can log in, and follows the file as soon as it trusts somebody', async () => {
  await write('issuers.yaml', 'apiVersion: pgtoken/v1\nissuers: []\n');
  await start();
  const warning = 'no issuer is configured, nobody can log in';
  expect(logged(warning)).toEqual([
    { level: 'warn', time: TEXT, msg: warning, path: inside('issuers.yaml') },
  ]);
  expect(await ask('foo')).toBe(
    `denied ERR_ISSUER_UNKNOWN issuer "${URL}" is not configured; issuers.yaml names no issuer. HINT: Add it to issuers.yaml if its tokens are to be accepted.`,
  );
  await write('issuers.yaml', issuersYAML('foo'));
  await daemon?.reload();
  expect(await ask('foo')).toBe('granted');
  expect(logged(warning)).toHaveLength(1);
});

it('writes one audit line for each decision, and counts it', async () => {
  await start();
  expect(await ask('foo')).toBe('granted');
  expect(await ask('bar')).toMatch(/^denied ERR_ROLE_NOT_PERMITTED role "bar" asked for/);
  expect(await ask('foo', 'correct horse')).toMatch(/^denied ERR_NOT_A_TOKEN /);
  const decisions = await loggedDecisions(3);
  expect(decisions.map(({ outcome, code, verified }) => [outcome, code, verified])).toEqual([
    ['granted', undefined, true],
    ['denied', 'ERR_ROLE_NOT_PERMITTED', true],
    ['denied', 'ERR_NOT_A_TOKEN', false],
  ]);
  expect(decisions[0]).toEqual({
    level: 'info',
    time: TEXT,
    msg: 'decision',
    outcome: 'granted',
    delivered: true,
    via: 'pam',
    role: 'foo',
    service: 'postgresql',
    rhost: '10.0.0.7',
    issuer: 'prod',
    verified: true,
    iss: URL,
    sub: 'alice',
    kid: 'key-1',
    ms: NUMBER,
  });
  expect(await ours()).toEqual(
    expect.arrayContaining([
      'pgtoken_decisions_total{outcome="granted",code="",issuer="prod",via="pam"} 1',
      'pgtoken_decisions_total{outcome="denied",code="ERR_ROLE_NOT_PERMITTED",issuer="prod",via="pam"} 1',
      'pgtoken_decisions_total{outcome="denied",code="ERR_NOT_A_TOKEN",issuer="",via="pam"} 1',
      'pgtoken_decision_duration_seconds_count 3',
    ]),
  );
});

it('decides role and times anew for a token whose signature it remembers', async () => {
  await start();
  const token = mint();
  expect(await ask('foo', token)).toBe('granted');
  expect(await ask('bar', token)).toMatch(/^denied ERR_ROLE_NOT_PERMITTED /);
  expect(await ask('foo', `${token}A`)).toMatch(/^denied ERR_/);
  expect(await ask('foo', token)).toBe('granted');
});

it('denies a role that is not UTF-8, however much the token looks like it', async () => {
  await write('issuers.yaml', issuersYAML('a\u{FFFD}b'));
  await start();
  const bytes = formatRequest({ user: 'a#b', token: mint() });
  bytes[bytes.indexOf('#')] = 0xff;
  const client = connect(socket());
  client.write(bytes);
  const reply = await new Promise<Buffer>((resolve) => client.once('data', resolve));
  expect(reply.toString()).toMatch(/^denied ERR_ROLE_NOT_PERMITTED .* not valid UTF-8/);
});

/** Sends the bytes and closes neither side. @returns all that comes before the daemon closes. */
const send = async (bytes: Buffer): Promise<string> =>
  new Promise((resolve) => {
    const client = connect(socket());
    let reply = '';
    client.setEncoding('utf8').on('data', (text: string) => (reply += text));
    client
      .on('error', () => undefined)
      .on('close', () => {
        resolve(reply);
      });
    client.write(bytes);
  });

describe('replies to the vectors', () => {
  it.each(requestVectors.invalid)('with a refusal: $name', async ({ reply, ...vector }) => {
    await start();
    const said = await send(bytesOfVector(vector));
    expect(said.split(' ').slice(0, 2)).toEqual([reply.outcome, reply.code]);
    expect(said).toMatch(/^[\x20-\x7e]{1,511}\0$/);
  });

  it.each(requestVectors.valid)('with a decision: $name', async (vector) => {
    await start();
    const said = await send(bytesOfVector(vector));
    // None of them has a token that verifies.
    expect(said).toMatch(/^denied ERR_[A-Z_]+ [\x20-\x7e]+\0$/);
    expect(said).not.toContain('ERR_PROTOCOL');
    await loggedDecisions(1);
  });
});

describe('a reload', () => {
  it('puts the new configuration in force for every decision after it', async () => {
    const running = await start();
    const token = mint();
    expect(await ask('foo', token)).toBe('granted');
    await write('issuers.yaml', issuersYAML('bar'));
    await running.reload();
    expect(await ask('foo', token)).toMatch(/^denied ERR_ROLE_NOT_PERMITTED /);
    expect(await ask('bar', token)).toBe('granted');
    const hash = createHash('sha256').update(issuersYAML('bar')).digest('hex');
    expect((await ours()).filter((line) => line.startsWith('pgtoken_config_info'))).toEqual([
      `pgtoken_config_info{hash="${hash}"} 1`,
    ]);
  });

  it('takes up changed keys: a token of the one that is gone is refused, although it was verified before', async () => {
    const running = await start();
    const token = mint();
    expect(await ask('foo', token)).toBe('granted');
    const other = await createSigningKey('ES256', 'key-2');
    await write('keys.json', JSON.stringify({ keys: [other.publicJWK] }));
    await running.reload();
    expect(await ask('foo', token)).toMatch(
      /^denied ERR_KEY_UNKNOWN the issuer has one key, whose kid is not "key-1"\. HINT: /,
    );
  });

  it.each<[what: string, spoil: () => Promise<void>, problem: RegExp]>([
    ['is no YAML', async () => write('issuers.yaml', 'issuers: ['), /issuers\.yaml:1:/],
    ['is gone', async () => rm(inside('issuers.yaml')), /cannot be used: no such file$/],
    [
      'may be written by others',
      async () => chmod(inside('issuers.yaml'), 0o666),
      /mode 0666 lets group or others write it/,
    ],
    ['names keys that are gone', async () => rm(inside('keys.json')), /keys\.json cannot be used/],
  ])('of a file that %s changes nothing, and says so', async (_what, spoil, problem) => {
    const running = await start();
    await spoil();
    await running.reload();
    expect(await ask('foo')).toBe('granted');
    expect(logged('the configuration is invalid, the last good one stays in force')).toMatchObject([
      { level: 'error', problems: [expect.stringMatching(problem)] },
    ]);
    expect(await ours()).toEqual(
      expect.arrayContaining([
        'pgtoken_config_reloads_total{outcome="ok"} 1',
        'pgtoken_config_reloads_total{outcome="invalid"} 1',
        'pgtoken_config_last_reload_successful 0',
      ]),
    );
    await write('keys.json', JSON.stringify({ keys: [key.publicJWK] }));
    await write('issuers.yaml', issuersYAML('bar'));
    await running.reload();
    expect(await ask('bar')).toBe('granted');
    expect(await ours()).toContain('pgtoken_config_last_reload_successful 1');
  });

  it('comes by itself for keys that were changed while it was starting', async () => {
    const other = await createSigningKey('ES256', 'key-2');
    const starting = start();
    // By now the file is read, as it is at once.
    writeFileSync(inside('keys.json'), JSON.stringify({ keys: [other.publicJWK] }));
    await starting;
    const refusal = await poll('the new keys', async () => {
      const answer = await ask('foo');
      return answer === 'granted' ? undefined : answer;
    });
    expect(refusal).toMatch(
      /^denied ERR_KEY_UNKNOWN the issuer has one key, whose kid is not "key-1"\. HINT: /,
    );
  });

  it('many at once end with the last one in force', async () => {
    const running = await start();
    const reloads = [];
    for (let count = 0; count < 20; count++) {
      await write('issuers.yaml', issuersYAML(`role-${count}`));
      reloads.push(running.reload());
    }
    await Promise.all(reloads);
    expect(await ask('role-19')).toBe('granted');
    expect(await ask('role-18')).toMatch(/^denied /);
  });
});

describe('with a configuration that cannot be used', () => {
  const INVALID = 'the configuration is invalid, nobody can log in';

  it.each<[what: string, spoil: () => Promise<void>, problem: string]>([
    [
      'is no YAML',
      async () => write('issuers.yaml', 'issuers: ['),
      'issuers.yaml:1:11: Invalid YAML: ',
    ],
    [
      'has problems',
      async () => write('issuers.yaml', issuersYAML('foo').replace('postgres', "''")),
      'issuers.yaml:7:11: issuers[0].issuer.audiences[0]: ',
    ],
    ['is not there', async () => rm(inside('issuers.yaml')), 'issuers.yaml:1:1: cannot be used: '],
    [
      'names keys that are not there',
      async () => rm(inside('keys.json')),
      'issuers.yaml:9:17: issuers[0].keys.jwksFile: ',
    ],
  ])('that %s it starts, grants nobody and says why', async (_what, spoil, problem) => {
    await spoil();
    await start();
    const expected = `unavailable ERR_CONFIG_INVALID ${folder.path}/${problem}`;
    expect((await ask('foo')).slice(0, expected.length)).toBe(expected);
    expect(logged(INVALID)).toMatchObject([
      { level: 'error', problems: [expect.stringContaining(problem)] },
    ]);
    expect(await loggedDecisions(1)).toMatchObject([
      { outcome: 'unavailable', code: 'ERR_CONFIG_INVALID', role: 'foo', verified: false },
    ]);
    expect(await ours()).toEqual(
      expect.arrayContaining([
        'pgtoken_config_reloads_total{outcome="invalid"} 1',
        'pgtoken_config_last_reload_successful 0',
      ]),
    );
    expect((await ours()).filter((line) => line.startsWith('pgtoken_config_info'))).toEqual([]);
  });

  it('the file is followed: once it is good, logins are granted, without anybody asking for it', async () => {
    await write('issuers.yaml', 'issuers: [');
    await start();
    expect(await ask('foo')).toMatch(/^unavailable ERR_CONFIG_INVALID /);
    await write('issuers.yaml', issuersYAML('foo'));
    await poll('a grant', async () => ((await ask('foo')) === 'granted' ? true : undefined));
    expect(await ours()).toContain('pgtoken_config_last_reload_successful 1');
  });
});

describe('that cannot start', () => {
  it('for its socket leaves the port of the metrics free', async () => {
    await failure({ socket: inside('keys.json') });
    await start();
    expect(await ours()).not.toEqual([]);
  });

  it('for its metrics makes no socket', async () => {
    await failure({ metrics: '0.0.0.0:10432' });
    expect(existsSync(socket())).toBe(false);
  });

  it('where only its metrics cannot be served it starts all the same', async () => {
    const other = createServer().listen(metricsPort, '127.0.0.1');
    await once(other, 'listening');
    await start();
    other.close();
    expect(await ask('foo')).toBe('granted');
    expect(logged('metrics cannot be served')).toMatchObject([
      { level: 'warn', address: `127.0.0.1:${metricsPort}`, reason: 'the port is in use' },
    ]);
  });
});

describe('when it stops', () => {
  it('ends what is under way, answers nothing more, and leaves neither socket nor port', async () => {
    const running = await start();
    const client = connect(socket());
    let reply = '';
    client.setEncoding('utf8').on('data', (text: string) => (reply += text));
    const bytes = formatRequest({ user: 'foo', token: mint() });
    client.write(bytes.subarray(0, 30));
    await once(client, 'connect');
    await ask('foo'); // accepted after the one above
    const stopped = running.stop();
    daemon = undefined;
    expect(await ask('foo')).toMatch(/^no reply: E/);
    client.write(bytes.subarray(30));
    await once(client, 'close');
    expect(reply).toBe('granted\0');
    await stopped;
    expect(existsSync(socket())).toBe(false);
    await expect(ours()).rejects.toThrow('fetch failed');
    expect(logged('stopping')).toMatchObject([{ connections: 1 }]);
    expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
  });
});
