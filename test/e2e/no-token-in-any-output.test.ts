// One full run: logins through the daemon and through mode=exec, granted and refused for every reason there is, with everything
// as talkative as it gets. Then every byte that daemon, helper, module and PostgreSQL wrote is searched for every token and
// password that was used. In the end a token is planted in each of those outputs, by ways that a token could really come there,
// and is found.
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ERROR_CODES } from '../../src/errors.ts';
import { startApiServer } from '../support/api-server.ts';
import { ownedByServerUser } from '../support/as-server-user.ts';
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { entryOf } from '../support/entry-of.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { findTraces } from '../support/find-traces.ts';
import { createIssuer, type Issuer, type MintOptions } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { runChecked } from '../support/run-checked.ts';
import { encodePart } from '../support/sign-token.ts';
import { DAEMON_SERVICE, startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { tryLogin } from '../support/try-logins.ts';
import { expectRefusal } from './expect-refusal.ts';

const ROLE = 'foo:myservice';
const LONG = `foo:${'x'.repeat(59)}`; // 63 bytes
const TIMEOUT = 3;

const stack = new AsyncDisposableStack();
let good: Issuer;
let down: Issuer;
let hangs: Issuer;
let stranger: Issuer;
/** Of entries that admit little. */
let limited: Issuer;
let serviceless: Issuer;
let distant: Issuer;
let scoped: Issuer;
/** Whose tokens an API server does not know, and nobody reviews. */
let reviewed: Issuer;
let unreviewed: Issuer;
/** Whose roles are to be made on a server that is not there. */
let provisioned: Issuer;
let host: DaemonHost;
let daemon: DaemonProcess;
let metricsPort: number;
/** Of the helper: what it wrote, and a script that keeps that. */
let helperFolder: string;
let helper: string;

/** Every token and password that was used. */
const used: string[] = [];
/** Every code that a login was refused with. */
const seen = new Set<string>();

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  const algorithms = ['RS256', 'ES256', 'PS256', 'EdDSA'] as const;
  good = stack.use(await createIssuer(authority, { algorithms }));
  down = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  hangs = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  stranger = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  limited = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  serviceless = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  distant = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  scoped = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  reviewed = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  unreviewed = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  provisioned = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  const api = stack.use(await startApiServer(authority));
  used.push(api.reviewer.token);
  await down.fail('status-500');
  await hangs.fail('hang');

  host = stack.use(
    await startDaemonHost([ROLE, 'foo:other', LONG], {
      log_min_messages: 'debug1',
      log_connections: 'on',
      log_disconnections: 'on',
      log_statement: 'all',
    }),
  );
  await host.writeBeside('reviewer.token', `${api.reviewer.token}\n`);
  const review = (url: string) => ({
    review: { url, bearerTokenFile: 'reviewer.token', onError: 'deny' },
  });
  metricsPort = await findFreePort();
  daemon = stack.use(
    await host.startDaemon({
      issuers: [
        entryOf('good', good, { token: { algorithms: [...algorithms], maxLifetime: '1h' } }),
        entryOf('down', down),
        entryOf('hangs', hangs, { http: { timeout: '30s' } }),
        entryOf('limited', limited, {
          token: { maxAge: '2m' },
          deny: { tokenIDs: ['denied-by-its-jti'] },
        }),
        entryOf('serviceless', serviceless, { pam: { services: ['another-service'] } }),
        entryOf('scoped', scoped, { token: { requiredScopes: ['db.login'] } }),
        entryOf('distant', distant, { pam: { sources: ['10.0.0.0/8'] } }),
        entryOf('reviewed', reviewed, review(api.url)),
        entryOf('unreviewed', unreviewed, review(`https://127.0.0.1:${await findFreePort()}`)),
        entryOf('provisioned', provisioned, { provision: { create: true, onError: 'deny' } }),
      ],
      top: { servers: [{ name: 'away', connection: `host=${host.installation.folder}` }] },
      args: ['--metrics', `127.0.0.1:${metricsPort}`],
    }),
  );

  const folder = stack.use(await createTemporaryFolder('helper'));
  helperFolder = join(folder.path, 'written');
  await runChecked('install', ['-d', '-m', '0755', ...ownedByServerUser(), helperFolder]);
  helper = join(folder.path, 'helper');
  await writeFile(
    helper,
    `#!/bin/sh
"${host.installation.helper}" "$@" >>"${helperFolder}/stdout" 2>"${helperFolder}/stderr.$$"
status=$?
cat "${helperFolder}/stderr.$$" >&2
exit $status
`,
  );
  await chmod(helper, 0o755);
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** Uses a password from here on. */
function use(password: string): string {
  used.push(password);
  return password;
}

async function mint(
  claims: Readonly<Record<string, unknown>> = {},
  options: MintOptions = {},
): Promise<string> {
  return good.mint({ jti: crypto.randomUUID(), ...claims }, { key: 'ES256', ...options });
}

const count = (text: string, what: string): number => text.split(what).length - 1;
const header = (changes: Readonly<Record<string, unknown>>): MintOptions => ({ header: changes });
/** The signature of a token that is used nowhere else. */
const mintSignature = async (): Promise<string> => (await mint()).split('.')[2]!;
const now = (): number => Math.floor(Date.now() / 1000);

/** Lets logins go by these options of the module. */
async function setModule(options: string): Promise<void> {
  const line = `required ${host.installation.module} ${options}`;
  await host.cluster.setPAMService(DAEMON_SERVICE, `auth ${line}\naccount ${line}\n`);
}

async function refuse(password: string, role = ROLE): Promise<string> {
  const reason = await expectRefusal(host.cluster, { role, password: use(password) });
  seen.add(/^(?:denied|unavailable) (ERR_[A-Z_]+) /.exec(reason)?.[1] ?? reason);
  return reason;
}

/** The content of all files in a folder, whatever their depth. */
async function contentOf(folder: string): Promise<string> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((file) => file.isFile());
  const texts = files.map(async (file) => readFile(join(file.parentPath, file.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

/** All that was written so far, by who wrote it. */
async function written(): Promise<Readonly<Record<string, string>>> {
  return {
    'the log of PostgreSQL': await host.cluster.log.since(),
    syslog: await host.cluster.syslog.since(),
    'the log of the daemon': daemon.output(),
    metrics: await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
    'the helper': await contentOf(helperFolder),
    "the daemon's cache": await contentOf(host.cacheFolder),
    "the helper's cache": await contentOf(join(host.installation.folder, 'home')),
  };
}

const modes = [
  { mode: 'daemon', options: () => `socket=${host.socket} timeout=${TIMEOUT} debug` },
  {
    mode: 'exec',
    options: () =>
      `mode=exec helper=${helper} config=${host.installation.config} timeout=${TIMEOUT} debug`,
  },
];

describe.each(modes)('with mode=$mode', ({ options }) => {
  beforeAll(async () => {
    await setModule(options());
  });

  it.each(['RS256', 'ES256', 'PS256', 'EdDSA'])('a token with %s is granted', async (key) => {
    for (const over of ['tcp', 'socket'] as const) {
      const login = { role: ROLE, password: use(await mint({}, { key })), over };
      expect(await tryLogin(host.cluster, login)).toBe('granted');
      expect(await host.cluster.psql(login)).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
    }
  });

  it.each<[code: string, password: () => Promise<string> | string, role?: string]>([
    ['ERR_NOT_A_TOKEN', () => 'correct horse battery staple'],
    ['ERR_NOT_A_TOKEN', () => `Bearer ${'Aa1-'.repeat(20)}`],
    ['ERR_TOKEN_MALFORMED', async () => `${await mint()}\n`],
    ['ERR_TOKEN_MALFORMED', async () => `${await mint()}.${encodePart({ a: 'fourth part' })}`],
    ['ERR_TOKEN_MALFORMED', async () => (await mint()).replace('.', '.A')],
    ['ERR_TOKEN_MALFORMED', async () => mint({}, header({ crit: ['b64'] }))],
    ['ERR_TOKEN_TRUNCATED', async () => (await mint({}, { bytes: 1200 })).slice(0, 995)],
    ['ERR_TOKEN_TRUNCATED', async () => (await mint()).slice(0, -30)],
    ['ERR_TOKEN_TRUNCATED', async () => (await mint({}, { key: 'RS256' })).slice(0, -30)],
    ['ERR_TOKEN_TOO_LARGE', async () => mint({}, { bytes: 20_000 })],
    ['ERR_TOKEN_TYPE', async () => mint({}, header({ typ: 'logout+jwt' }))],
    ['ERR_TOKEN_EXPIRED', async () => mint({}, { now: now() - 4200 })],
    ['ERR_TOKEN_NOT_YET_VALID', async () => mint({ nbf: now() + 300 })],
    ['ERR_TOKEN_LIFETIME', async () => mint({ exp: now() + 7200 })],
    ['ERR_ALGORITHM_NOT_ALLOWED', async () => mint({}, header({ alg: 'HS256' }))],
    ['ERR_ALGORITHM_NOT_ALLOWED', async () => mint({}, header({ alg: 'none' }))],
    [
      'ERR_SIGNATURE_INVALID',
      async () => {
        const [own, other] = [await mint(), use(await mint())];
        return own.slice(0, own.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'));
      },
    ],
    [
      'ERR_SIGNATURE_INVALID',
      async () => stranger.mint({ iss: good.url }, header({ kid: 'es256-2' })),
    ],
    ['ERR_KEY_UNKNOWN', async () => mint({}, header({ kid: 'nobody-has-this' }))],
    ['ERR_KEYS_UNAVAILABLE', async () => down.mint()],
    ['ERR_ISSUER_UNKNOWN', async () => stranger.mint()],
    ['ERR_AUDIENCE_MISMATCH', async () => mint({ aud: ['vault', 'other'] })],
    ['ERR_CLAIM_MISSING', async () => mint({ exp: undefined })],
    ['ERR_SCOPE_MISSING', async () => scoped.mint({ scope: 'openid' })],
    ['ERR_CLAIM_REJECTED', async () => mint({ cnf: { jkt: 'a-thumbprint-of-a-key' } })],
    ['ERR_CLAIM_REJECTED', async () => mint({ aud: { a: ['postgres'] } })],
    ['ERR_ROLE_NOT_PERMITTED', async () => mint(), 'foo:other'],
    ['ERR_ROLE_PROTECTED', async () => mint({ sub: 'system:serviceaccount:postgres' }), 'postgres'],
    ['ERR_ROLE_TOO_LONG', async () => mint({ sub: `system:serviceaccount:${LONG}y` }), LONG],
    ['ERR_TOKEN_TOO_OLD', async () => limited.mint({}, { now: now() - 200 })],
    ['ERR_DENY_LISTED', async () => limited.mint({ jti: 'denied-by-its-jti' })],
    ['ERR_SERVICE_NOT_PERMITTED', async () => serviceless.mint()],
    ['ERR_SOURCE_NOT_PERMITTED', async () => distant.mint()],
    ['ERR_TOKEN_REVOKED', async () => reviewed.mint()],
    ['ERR_REVIEW_UNAVAILABLE', async () => unreviewed.mint()],
    ['ERR_PROVISION', async () => provisioned.mint()],
    ['ERR_DEADLINE', async () => hangs.mint()],
  ])('%s', async (code, password, role) => {
    expect(await refuse(await password(), role)).toMatch(
      new RegExp(`^(?:denied|unavailable) ${code} `),
    );
  });

  it('an empty password, and none', async () => {
    const login = { role: ROLE, password: '' };
    expect(await tryLogin(host.cluster, login)).toBe('empty password returned by client');
    expect(await host.cluster.psql(login)).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('when something is broken', () => {
  it.each<[what: string, options: () => string, reason: RegExp]>([
    [
      'no daemon',
      () => `socket=${helperFolder}/none.sock`,
      /^unavailable ERR_DAEMON_UNREACHABLE no daemon at /,
    ],
    [
      'no helper',
      () => `mode=exec helper=${helperFolder}/none`,
      /^unavailable ERR_HELPER_FAILED cannot run .*: No such file or directory$/,
    ],
    [
      'a helper that repeats the token',
      () => 'mode=exec helper=/tmp/to-be-replaced',
      /^denied ERR_PROTOCOL exit status 1 without a matching reason from /,
    ],
    [
      'a configuration that is invalid',
      () => `mode=exec helper=${helper} config=${host.installation.folder}/bin/pgtoken`,
      /^unavailable ERR_CONFIG_INVALID /,
    ],
    [
      'an option that is unknown',
      () => 'token=yes',
      /^unavailable ERR_CONFIG_INVALID module option /,
    ],
  ])('%s', async (what, options, reason) => {
    const echo = join(helperFolder, '../echo');
    await writeFile(echo, '#!/bin/sh\ncat >&2\nexit 1\n');
    await chmod(echo, 0o755);
    await setModule(`${what.includes('repeats') ? `mode=exec helper=${echo}` : options()} debug`);
    expect(await refuse(await mint())).toMatch(reason);
  });

  it.each<[what: string, reply: (request: string) => string]>([
    ['repeats the request', (request) => request],
    ['repeats the token', (request) => `${request.split('\0').at(-2)}\0`],
    [
      'names the token in an unknown form',
      (request) => `refused ERR_INTERNAL ${request.split('\0').at(-2)}\0`,
    ],
    ['names the token after its reply', (request) => `granted\0${request.split('\0').at(-2)}`],
  ])('a daemon that %s', async (_what, reply) => {
    const folder = await createTemporaryFolder('echo');
    const path = join(folder.path, 'daemon.sock');
    const server = createServer((socket) => {
      let text = '';
      socket.on('error', () => undefined);
      socket.setEncoding('latin1').on('data', (more: string) => {
        text += more;
        if (/\0\0[^\0]*\0$/.test(text)) socket.end(Buffer.from(reply(text), 'latin1'));
      });
    });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    server.listen(path, () => resolve(undefined));
    await promise;
    try {
      await chmod(path, 0o666);
      await setModule(`socket=${path} debug`);
      expect(await refuse(await mint())).toBe(
        `unavailable ERR_PROTOCOL garbled reply from the daemon at ${path}`,
      );
    } finally {
      server.close();
      await folder.remove();
    }
  });

  it('a configuration that holds a token, where only its administrator can have put it', async () => {
    // What is wrong with a file is told without what stands there.
    const config = await readFile(host.installation.config, 'utf8');
    await host.installation.writeConfig(`${config}${use(await mint())}\n`);
    try {
      await daemon.waitForLine('the configuration is invalid, the last good one stays in force');
      await setModule(modes[1]!.options());
      expect(await refuse(await mint())).toMatch(/^unavailable ERR_CONFIG_INVALID /);
    } finally {
      await host.installation.writeConfig(config);
    }
    const from = daemon.lines().length;
    daemon.signal('SIGHUP');
    await daemon.waitForLine('configuration in force', from);
  });
});

it('every code was seen but that of defects and that of the OAuth validator', () => {
  const codes = Object.keys(ERROR_CODES).filter(
    (code) => code !== 'ERR_INTERNAL' && code !== 'ERR_NOT_ENCRYPTED',
  );
  expect([...seen].toSorted()).toEqual(codes.toSorted());
});

it('no token, no password, and no part of one is in any byte that was written', async () => {
  // Decisions are logged a moment later.
  await poll('the audit lines', () => count(daemon.output(), '"decision"') >= 45 || undefined);
  const outputs = await written();
  const found = Object.entries(outputs).map(([name, text]) => [
    name,
    text.length > 500,
    findTraces(text, used),
  ]);
  expect(found).toEqual(Object.keys(outputs).map((name) => [name, true, []]));
  expect(used.length).toBeGreaterThan(80);
  // That is what was looked through: each of them had something to say about these logins.
  expect(count(outputs['the log of PostgreSQL']!, 'pgtoken: denied ERR_')).toBeGreaterThan(50);
  expect(count(outputs['syslog']!, 'pam_pgtoken')).toBeGreaterThan(80);
  expect(outputs['syslog']).toMatch(/^<87> .* granted with mode=daemon in \d+ ms$/m);
  expect(outputs['syslog']).toMatch(/^<87> .* granted with mode=exec in \d+ ms$/m);
  expect(count(outputs['the helper']!, ' ERR_')).toBeGreaterThan(25);
  expect(outputs['metrics']).toMatch(/^pgtoken_decisions_total\{outcome="granted"/m);
  expect(outputs["the daemon's cache"]).toContain('"es256-2"');
  expect(outputs["the helper's cache"]).toContain('"es256-2"');
});

describe('the search finds a token that is planted in', () => {
  it('the log of PostgreSQL and syslog, by a mistaken PAM service', async () => {
    const planted = await mintSignature();
    await setModule(planted);
    await refuse(await mint());
    const outputs = await written();
    expect(findTraces(outputs['the log of PostgreSQL']!, [planted])).not.toEqual([]);
    expect(findTraces(outputs['syslog']!, [planted])).not.toEqual([]);
    expect(findTraces(outputs['the log of the daemon']!, [planted])).toEqual([]);
  });

  it('the log of the daemon, by a claim that is logged', async () => {
    const planted = await mintSignature();
    await setModule(modes[0]!.options());
    const password = await mint({ jti: planted.slice(20, 40) });
    expect(await tryLogin(host.cluster, { role: ROLE, password })).toBe('granted');
    await poll(
      'the planted piece',
      () => findTraces(daemon.output(), [planted]).length > 0 || undefined,
    );
    expect(findTraces((await written())['syslog']!, [planted])).toEqual([]);
  });

  it('what the helper wrote, by a claim that is a role', async () => {
    const planted = await mintSignature();
    await setModule(modes[1]!.options());
    await refuse(await mint({ sub: `system:serviceaccount:${planted.slice(0, 20)}` }));
    const outputs = await written();
    expect(findTraces(outputs['the helper']!, [planted])).not.toEqual([]);
    expect(findTraces(outputs['syslog']!, [planted])).not.toEqual([]);
  });

  it.each<[name: string, folder: () => string]>([
    ["the daemon's cache", () => host.cacheFolder],
    ["the helper's cache", () => join(host.installation.folder, 'home')],
  ])('%s', async (name, folder) => {
    const planted = await mintSignature();
    expect(findTraces((await written())[name]!, [planted])).toEqual([]);
    await writeFile(join(folder(), 'planted'), `{"token": "${planted}"}`);
    expect(findTraces((await written())[name]!, [planted])).not.toEqual([]);
  });
});
