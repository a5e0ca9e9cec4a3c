// Logins over PostgreSQL's own OAuth, through the validator, on whatever version of PostgreSQL: who gets in and as whom, what client and
// log see of a refusal, and that no backend outlives its client or its deadline, whatever the daemon does.
import { chmod, copyFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startOAuthLogin, type OAuthClientOptions } from '../../support/log-in-with-oauth.ts';
import { poll } from '../../support/poll.ts';
import { bytesOf, validatorReplyVectors } from '../../pam/vectors.ts';
import { messageOf } from '../../../src/message-of.ts';
import { asTold } from '../../attacks/as-told.ts';
import { POLICY } from '../../attacks/choose-sample.ts';
import { compileFixedClock, withFixedClock } from '../../support/fixed-clock.ts';
import { type Attack, findPolicy, HARMLESS } from '../../vectors/attacks/attack.ts';
import { NOW } from '../../vectors/tokens/mint.ts';
import { POLICY_FOLDER } from '../../vectors/tokens/vector.ts';
import { ISSUERS, type OAuthHost, SOCKET } from './oauth-host.ts';

const SUBJECT = 'system:serviceaccount:foo:myservice';
const WHO = "select current_user || ' ' || coalesce(system_user, 'nobody')";
const FAILED = (role: string) => `OAuth bearer authentication failed for user "${role}"`;
/** RFC 7628, section 3.2.2: what a client needs to get another token. */
const CHALLENGE = {
  status: 'invalid_token',
  'openid-configuration': `${ISSUERS.cluster}/.well-known/openid-configuration`,
  scope: 'openid',
};
/** A wait in tests; what they wait for is far below it. */
const LONG = '60s';
/** What PostgreSQL reads of a client that has not logged in yet. */
const LONGEST = 65_000;
/** The daemon cuts what it says; this much is always there. */
const CUT = 300;
const CLOSED = 'the server closed without a word';

/** Why a login was refused, as PostgreSQL's log has it. */
interface Reason {
  readonly text: string;
  readonly hint: string | undefined;
}

/**
 * Reads the reasons of the validator out of PostgreSQL's log: of 18 a message of its own (LOG) with a HINT, since 19 the DETAIL of
 * PostgreSQL's.
 */
function readReasons(log: string): readonly Reason[] {
  const lines = log.split('\n');
  return lines.flatMap((line, at) => {
    const [, kind, all = ''] = /(LOG|DETAIL): {2}pgtoken: (.*)$/.exec(line) ?? [];
    if (kind === undefined) return [];
    const [text = '', hint] =
      kind === 'DETAIL'
        ? all.split('. HINT: ')
        : [all, /HINT: {2}(.*)$/.exec(lines[at + 1] ?? '')?.[1]];
    return [{ text, hint }];
  });
}

type Tried = Attack & { readonly file: string; readonly title: string };

/** What the tests are told. */
export interface OAuthTests {
  /** Starts the host; called once, before the first test. */
  readonly start: () => Promise<OAuthHost>;
  /** Where the log has the reason of a refusal: in a message of its own, or in PostgreSQL's. */
  readonly reasonsAre: 'LOG' | 'DETAIL';
  /** The attacks that are tried: two of each kind, or all. */
  readonly attacks: readonly Tried[];
  /** Further tests on the same host. */
  readonly more?: (tools: {
    readonly host: () => OAuthHost;
    readonly enter: (token: string, options?: Partial<OAuthClientOptions>) => Promise<string>;
    readonly expectDecision: (expected: Readonly<Record<string, unknown>>) => Promise<void>;
  }) => void;
}

/** Declares the tests. */
export function testOAuth({ start, reasonsAre, attacks, more }: OAuthTests): void {
  let host: OAuthHost;
  const secrets: string[] = [];

  beforeAll(async () => {
    host = await start();
  });
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
  });

  const mint = (...args: Parameters<OAuthHost['mint']>): string => {
    const token = host.mint(...args);
    secrets.push(token);
    return token;
  };
  const inside = (path: string): string => join(host.root.path, path);
  /** Logs in, and tells who it is or why not. */
  const enter = async (
    token: string,
    options: Partial<OAuthClientOptions> = {},
  ): Promise<string> => {
    const client = await host.login(token, options);
    try {
      return client.error?.message ?? String((await client.query(WHO))[0]);
    } finally {
      client.close();
    }
  };
  const decisions = (): readonly Readonly<Record<string, unknown>>[] =>
    host.daemonLog().filter(({ msg }) => msg === 'decision');
  /** The daemon's log is a moment behind its answers. */
  const expectDecision = async (expected: Readonly<Record<string, unknown>>): Promise<void> =>
    expect.poll(() => decisions().at(-1), { timeout: 10_000 }).toMatchObject(expected);
  /** Waits until no backend is being logged in to. */
  const untilNobodyLogsIn = async (): Promise<unknown> =>
    poll('no login under way', async () => {
      const [count] = await host.sql(
        // The daemon has a session of its own.
        `select count(*) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid() and usename is distinct from 'pgtoken'`,
      );
      return count === '0' ? true : undefined;
    });

  /** A daemon that does what a test says, at a socket of its own. */
  interface FakeDaemon extends AsyncDisposable {
    readonly settings: Readonly<Record<string, string>>;
    readonly requests: readonly Buffer[];
    /** Connections that are open. */
    readonly open: ReadonlySet<Socket>;
  }

  async function startFakeDaemon(
    answer: (socket: Socket, count: number) => void,
    name = 'fake',
  ): Promise<FakeDaemon> {
    const path = inside(`/run/pgtoken/${name}.sock`);
    const requests: Buffer[] = [];
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => open.delete(socket));
      let bytes = Buffer.alloc(0);
      let isWhole = false;
      socket.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        const end = bytes.indexOf('\0\0');
        if (!isWhole && end !== -1 && bytes.indexOf(0, end + 2) !== -1) {
          isWhole = true;
          requests.push(bytes);
          answer(socket, requests.length);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await chmod(path, 0o666);
    return {
      settings: { 'pgtoken.socket': `/run/pgtoken/${name}.sock` },
      requests,
      open,
      async [Symbol.asyncDispose]() {
        for (const socket of open) socket.destroy();
        server.close();
        await rm(path, { force: true });
        await host.set({});
      },
    };
  }

  describe('who is let in', () => {
    it.each<[issuer: 'cluster' | 'people', user: string, subject: string]>([
      ['cluster', 'foo:myservice', SUBJECT],
      ['people', 'alice', 'a1b2'],
    ])('of issuer %s, as %s, with the subject in system_user', async (issuer, user, subject) => {
      expect(await enter(mint(issuer), { user, database: 'postgres' })).toBe(
        `${user} oauth:${subject}`,
      );
      await expectDecision({
        outcome: 'granted',
        delivered: true,
        via: 'oauth',
        role: user,
        service: 'postgresql',
        rhost: '127.0.0.1',
        database: 'postgres',
        transport: 'tls',
        issuer,
        sub: subject,
      });
    });

    it('over a unix socket', async () => {
      const to = inside(`/run/postgresql/.s.PGSQL.${host.port}`);
      expect(await enter(mint(), { to, authority: undefined })).toBe(
        `foo:myservice oauth:${SUBJECT}`,
      );
      await expectDecision({ transport: 'unix' });
      expect(decisions().at(-1)).not.toHaveProperty('rhost');
    });

    it('by the same token and issuers.yaml over PAM, on the same server', async () => {
      const token = mint();
      expect(await host.loginByPAM('foo:myservice', token)).toMatchObject({
        status: 0,
        stdout: 'foo:myservice|pam:foo:myservice\n',
      });
      await expectDecision({ via: 'pam', service: 'postgresql-k8s' });
      expect(await enter(token)).toBe(`foo:myservice oauth:${SUBJECT}`);
      expect(await host.loginByPAM('foo:other', token)).toMatchObject({ status: 2, stdout: '' });
      expect(await enter(token, { user: 'foo:other' })).toBe(FAILED('foo:other'));
    });

    it('with map=: whom pg_ident.conf maps to the role, of those whom pgtoken lets in', async () => {
      expect(await enter(mint(), { database: 'mapped' })).toBe(`foo:myservice oauth:${SUBJECT}`);
      const read = await host.markLog();
      const other = mint('cluster', { sub: 'system:serviceaccount:foo:other' });
      expect(await enter(other, { database: 'mapped', user: 'foo:other' })).toBe(
        FAILED('foo:other'),
      );
      await expectDecision({ outcome: 'granted', role: 'foo:other' });
      expect(await read()).toContain('no match in usermap "subjects" for user "foo:other"');
      // The map alone lets nobody in.
      expect(await enter(other, { database: 'mapped' })).toBe(FAILED('foo:myservice'));
      await expectDecision({ code: 'ERR_ROLE_NOT_PERMITTED' });
    });

    it('with neither map= nor delegate_ident_mapping: whose subject is the role', async () => {
      const same = 'system:serviceaccount:foo:same';
      const token = mint('cluster', { sub: same });
      expect(await enter(token, { database: 'exact', user: same })).toBe(`${same} oauth:${same}`);
      const read = await host.markLog();
      expect(await enter(mint(), { database: 'exact' })).toBe(FAILED('foo:myservice'));
      expect(await read()).toContain(
        `provided user name (foo:myservice) and authenticated user name (${SUBJECT}) do not match`,
      );
    });

    it('without a name where the subject is not ASCII, and then by delegate_ident_mapping alone', async () => {
      const token = mint('people', { sub: 'zo\u00eb' });
      expect(await enter(token, { user: 'alice' })).toBe('alice nobody');
      const read = await host.markLog();
      expect(await enter(token, { user: 'alice', database: 'exact' })).toBe(FAILED('alice'));
      expect(await read()).toContain('Validator provided no identity.');
    });

    it('until the token expires: the session ends with it', async () => {
      const now = Math.floor(Date.now() / 1000);
      const client = await host.login(mint('cluster', { exp: now + 3 }));
      const [pid] = await client.query('select pg_backend_pid()');
      await expect(client.query('select pg_sleep(30)')).rejects.toThrow(
        'terminating connection due to administrator command',
      );
      const ended = await poll('the end', () =>
        host.daemonLog().find(({ msg }) => msg === 'session ended'),
      );
      expect(ended).toMatchObject({ cause: 'expired', pid: Number(pid), sub: SUBJECT });
    });
  });

  describe('who is refused', () => {
    const now = Math.floor(Date.now() / 1000);
    it.each<[what: string, token: () => string, user: string, message: string, hint?: string]>([
      [
        'another role',
        () => mint(),
        'foo:other',
        `denied ERR_ROLE_NOT_PERMITTED role "foo:other" asked for, and the token may only be "foo:myservice", "${SUBJECT}"`,
      ],
      [
        'another audience',
        () => mint('cluster', { aud: 'vault' }),
        'foo:myservice',
        'denied ERR_AUDIENCE_MISMATCH aud is "vault"; expected "postgres"',
        'Ask the issuer for a token with this audience; audiences are compared byte for byte.',
      ],
      [
        'an expired token',
        () => mint('cluster', { iat: now - 7200, exp: now - 3600 }),
        'foo:myservice',
        'denied ERR_TOKEN_EXPIRED ',
      ],
      [
        'an issuer that nobody trusts',
        () => mint('cluster', { iss: 'https://evil.example.com' }),
        'foo:myservice',
        'denied ERR_ISSUER_UNKNOWN ',
      ],
      [
        'a token of one issuer signed by another',
        () => mint('people', { iss: ISSUERS.cluster, sub: SUBJECT }),
        'foo:myservice',
        'denied ERR_',
      ],
      ['no token at all', () => 'Y29ycmVjdGhvcnNl', 'foo:myservice', 'denied ERR_NOT_A_TOKEN '],
      [
        'a protected role',
        () => mint('people', { email: 'postgres@example.com' }),
        'postgres',
        'denied ERR_ROLE_PROTECTED ',
      ],
    ])('%s', async (_what, token, user, message, hint) => {
      const read = await host.markLog();
      const client = await host.login(token(), { user });
      client.close();
      expect(client.error).toEqual({ severity: 'FATAL', message: FAILED(user) });
      expect(client.challenge).toEqual(CHALLENGE);
      const log = await read();
      const reasons = readReasons(log);
      expect(reasons).toHaveLength(1);
      expect(reasons[0]?.text.startsWith(message) ? message : reasons[0]?.text).toBe(message);
      expect(reasons[0]).toMatchObject(hint === undefined ? {} : { hint });
      expect(log).toContain(`${reasonsAre}:  pgtoken: ${message}`);
      await expectDecision({ outcome: 'denied', via: 'oauth', role: user });
    });

    it('who sends the token in the clear, without a question, unless the server takes it so', async () => {
      const read = await host.markLog();
      const before = decisions().length;
      expect(await enter(mint(), { authority: undefined })).toBe(FAILED('foo:myservice'));
      expect(readReasons(await read()).map(({ text }) => text)).toEqual([
        'denied ERR_NOT_ENCRYPTED the token came over a network without encryption; expected TLS or GSSAPI',
      ]);
      await host.set({ 'pgtoken.require_encryption': 'off' });
      expect(await enter(mint(), { authority: undefined })).toBe(`foo:myservice oauth:${SUBJECT}`);
      await host.set({});
      await expectDecision({ outcome: 'granted', transport: 'plain' });
      expect(decisions()).toHaveLength(before + 1);
    });

    it('who asks where tokens come from: it is told, and the daemon is not asked', async () => {
      const before = decisions().length;
      const client = await host.login('');
      client.close();
      expect(client.challenge).toEqual(CHALLENGE);
      expect(client.error?.severity).toBe('FATAL');
      const user = 'foo:other';
      expect(await enter(mint(), { user })).toBe(FAILED(user));
      await expectDecision({ role: user });
      expect(decisions()).toHaveLength(before + 1);
    });

    it('who brings settings along', async () => {
      await using evil = await startFakeDaemon((socket) => socket.end('granted\0'), 'evil');
      const other = { user: 'foo:other' };
      for (const parameters of [
        { options: '-c pgtoken.socket=/run/pgtoken/evil.sock' },
        { 'pgtoken.socket': '/run/pgtoken/evil.sock' },
      ]) {
        expect(await enter(mint(), { ...other, parameters })).toBe(FAILED('foo:other'));
        expect(await enter(mint(), { parameters })).toBe(
          'parameter "pgtoken.socket" cannot be changed now',
        );
      }
      await host
        .sql(`alter role "foo:other" set pgtoken.socket = '/run/pgtoken/evil.sock'`)
        .catch(() => undefined);
      expect(await enter(mint(), other)).toBe(FAILED('foo:other'));
      expect(evil.requests).toEqual([]);
    });
  });

  describe('settings', () => {
    it('count from the reload on: pgtoken.service', async () => {
      await host.set({ 'pgtoken.service': 'reports' });
      expect(await enter(mint())).toBe(`foo:myservice oauth:${SUBJECT}`);
      await host.set({});
      await expectDecision({ service: 'reports' });
    });

    it.each([
      [
        'pgtoken.socket',
        'pgtoken.sock',
        'expected an absolute path of at most 107 bytes, got "pgtoken.sock"',
      ],
      [
        'pgtoken.socket',
        `/${'x'.repeat(107)}`,
        `expected an absolute path of at most 107 bytes, got "/${'x'.repeat(107)}"`,
      ],
      ['pgtoken.service', '', 'expected a name, got ""'],
    ])('that cannot be used let nobody in: %s = "%s"', async (name, value, problem) => {
      await host.set({ [name]: value });
      const read = await host.markLog();
      expect(await enter(mint())).toBe(FAILED('foo:myservice'));
      expect(readReasons(await read()).map(({ text }) => text)).toEqual([
        `unavailable ERR_CONFIG_INVALID setting ${name}: ${problem}`,
      ]);
      await host.set({});
    });

    it('out of range are reported, and the default counts: pgtoken.timeout', async () => {
      await host.set({ 'pgtoken.timeout': '90s' });
      const read = await host.markLog();
      expect(await enter(mint())).toBe(`foo:myservice oauth:${SUBJECT}`);
      await host.set({});
      expect(await read()).toContain(
        'WARNING:  90 s is outside the valid range for parameter "pgtoken.timeout" (1 s .. 60 s)',
      );
    });

    it('that there are not are reported', async () => {
      await host.set({ 'pgtoken.servcie': 'reports' });
      const read = await host.markLog();
      expect(await enter(mint())).toBe(`foo:myservice oauth:${SUBJECT}`);
      await host.set({});
      expect(await read()).toContain(
        'invalid configuration parameter name "pgtoken.servcie", removing it',
      );
    });
  });

  describe('whatever the daemon does', () => {
    it('is asked in version 3, byte by byte as docs/understand/protocol.md says', async () => {
      await using fake = await startFakeDaemon((socket) => socket.end('granted somebody\0'));
      await host.set(fake.settings);
      const token = mint();
      const client = await host.login(token, { database: 'mapped' });
      client.close();
      // Somebody is not mapped.
      expect(client.error?.message).toBe(FAILED('foo:myservice'));
      const delegated = await host.login(token);
      const [pid, ...who] = await delegated.query(`select pg_backend_pid()::text union all ${WHO}`);
      delegated.close();
      expect(who).toEqual(['foo:myservice oauth:somebody']);
      const strings = [
        'pgtoken/3',
        'PAM_SERVICE=postgresql',
        'PAM_USER=foo:myservice',
        `PID=${pid}`,
        'DATABASE=postgres',
        'TRANSPORT=tls',
        'PAM_RHOST=127.0.0.1',
        '',
        token,
      ];
      expect(fake.requests.at(-1)?.toString('latin1')).toBe(
        strings.map((string) => `${string}\0`).join(''),
      );
    });

    it.each(validatorReplyVectors)('its reply is $outcome: $name', async (vector) => {
      const bytes = bytesOf(vector.bytes);
      await using fake = await startFakeDaemon((socket) => socket.end(bytes));
      await host.set(fake.settings);
      const read = await host.markLog();
      const said = await enter(mint());
      const log = await read();
      const identity = vector.subject === undefined ? 'nobody' : `oauth:${vector.subject}`;
      expect(said).toBe(
        vector.outcome === 'granted' ? `foo:myservice ${identity}` : FAILED('foo:myservice'),
      );
      const reasons = {
        granted: [],
        denied: [`denied ${vector.code} ${vector.message}`],
        garbled: [
          'unavailable ERR_PROTOCOL garbled reply from the daemon at /run/pgtoken/fake.sock',
        ],
      };
      expect(readReasons(log).map(({ text }) => text)).toEqual(reasons[vector.outcome]);
      expect(log.includes('pgtoken:')).toBe(vector.outcome !== 'granted');
    });

    it('is away: refused at once, and let in again when it is back', async () => {
      await host.stopDaemon();
      const read = await host.markLog();
      expect(await enter(mint())).toBe(FAILED('foo:myservice'));
      expect(readReasons(await read())).toEqual([
        {
          text: `unavailable ERR_DAEMON_UNREACHABLE no daemon at ${SOCKET}: No such file or directory`,
          hint: 'Start pgtoken.socket.',
        },
      ]);
      await host.startDaemon();
      expect(await enter(mint())).toBe(`foo:myservice oauth:${SUBJECT}`);
    });

    it('is of a version that knows no validator: refused, and not asked in another one', async () => {
      await using fake = await startFakeDaemon((socket) =>
        socket.end('unavailable ERR_PROTOCOL the request cannot be read: another version\0'),
      );
      await host.set(fake.settings);
      expect(await enter(mint())).toBe(FAILED('foo:myservice'));
      expect(fake.requests).toHaveLength(1);
    });

    it('closes without a reply: asked three times, then refused', async () => {
      await using fake = await startFakeDaemon((socket) => socket.destroy());
      await host.set(fake.settings);
      const read = await host.markLog();
      expect(await enter(mint())).toBe(FAILED('foo:myservice'));
      expect(fake.requests).toHaveLength(3);
      expect(await read()).toContain('3 connections closed without a reply');
    });

    it.each<[what: string, answer: (socket: Socket) => void]>([
      ['never answers', () => undefined],
      ['answers and never closes', (socket) => socket.write('granted\0')],
      ['answers byte by byte for ever', (socket) => dribble(socket)],
    ])('%s: refused at the deadline', async (_what, answer) => {
      await using fake = await startFakeDaemon(answer);
      await host.set({ ...fake.settings, 'pgtoken.timeout': '1s' });
      const read = await host.markLog();
      expect(await enter(mint())).toBe(FAILED('foo:myservice'));
      expect(await read()).toMatch(
        /pgtoken: unavailable (?:ERR_DEADLINE no answer in time|ERR_PROTOCOL garbled reply) from the daemon at \/run\/pgtoken\/fake\.sock/,
      );
      await poll('its connections closed', () => (fake.open.size === 0 ? true : undefined));
      await untilNobodyLogsIn();
    });

    it('hangs: authentication_timeout ends the login before the deadline', async () => {
      await using fake = await startFakeDaemon(() => undefined);
      await host.set({ ...fake.settings, 'pgtoken.timeout': LONG, authentication_timeout: '1s' });
      await expect(enter(mint())).rejects.toThrow('the server closed without a word');
      await poll('its connection closed', () => (fake.open.size === 0 ? true : undefined));
      await untilNobodyLogsIn();
    });

    it('hangs: pg_terminate_backend ends the login, which shows what it waits for', async () => {
      await using fake = await startFakeDaemon(() => undefined);
      await host.set({ ...fake.settings, 'pgtoken.timeout': LONG });
      const login = startOAuthLogin(options());
      const pid = await poll('a backend that waits', async () => {
        const [found] = await host.sql(
          `select pid from pg_stat_activity where wait_event_type = 'Extension' and wait_event = 'PgtokenDecision'`,
        );
        return found;
      });
      expect(await host.sql(`select pg_terminate_backend(${pid}, 10000)`)).toEqual(['true']);
      await expect(login.client).rejects.toThrow('the server closed without a word');
      await poll('its connection closed', () => (fake.open.size === 0 ? true : undefined));
    });

    it('hangs: a client that leaves takes its backend along', async () => {
      await using fake = await startFakeDaemon(() => undefined);
      await host.set({ ...fake.settings, 'pgtoken.timeout': LONG });
      const read = await host.markLog();
      const login = startOAuthLogin(options());
      await poll('a question', () => (fake.requests.length === 1 ? true : undefined));
      login.leave();
      await poll('its connection closed', () => (fake.open.size === 0 ? true : undefined));
      await untilNobodyLogsIn();
      expect(await read()).toContain(
        'LOG:  pgtoken: the client left before there was a decision\n',
      );
    });

    it('hangs: a fast shutdown does not wait for it', async () => {
      await using fake = await startFakeDaemon(() => undefined);
      await host.set({ ...fake.settings, 'pgtoken.timeout': LONG });
      const login = startOAuthLogin(options());
      await poll('a question', () => (fake.requests.length === 1 ? true : undefined));
      await host.restart();
      await expect(login.client).rejects.toThrow('the server closed without a word');
    });
  });

  const options = (): OAuthClientOptions => ({
    to: host.port,
    authority: host.authority,
    user: 'foo:myservice',
    token: mint(),
  });

  describe('an attack', () => {
    beforeAll(async () => {
      await host.stopDaemon();
      for (const name of ['attacks.yaml', 'cluster.jwks.json']) {
        const source =
          name === 'attacks.yaml' ? await findPolicy(POLICY) : join(POLICY_FOLDER, name);
        await copyFile(source, inside(`/etc/pgtoken/${name}`));
        await chmod(inside(`/etc/pgtoken/${name}`), 0o644);
      }
      await compileFixedClock(inside('/srv'));
      await host.startDaemon({
        config: '/etc/pgtoken/attacks.yaml',
        wrapper: withFixedClock('/srv/fixed_clock.so', NOW),
      });
    });
    afterAll(async () => {
      await host.stopDaemon();
      await host.startDaemon();
    });

    const isHarmless = ({ file }: Tried): boolean => file === HARMLESS;
    const isRead = ({ password }: Tried): boolean =>
      /^[A-Za-z0-9._~+/-]+=*$/.test(password) && password.length < LONGEST;
    const isReadWithout = ({ password, ...attack }: Tried): boolean =>
      password.startsWith(' ') && isRead({ ...attack, password: password.trimStart() });

    it.each(attacks.filter((attack) => !isHarmless(attack) && isRead(attack)))(
      '$title',
      async ({ request, password, expected }) => {
        if ('granted' in expected) throw new Error('an attack that is expected to be granted');
        const read = await host.markLog();
        const before = decisions().length;
        expect(await enter(password, { user: request.role })).toBe(FAILED(request.role));
        const reasons = readReasons(await read());
        expect(reasons).toHaveLength(1);
        const told = `denied ${expected.code} ${asTold(expected.message)}`;
        expect(reasons[0]?.text.slice(0, CUT)).toBe(told.slice(0, CUT));
        // The daemon's log is a moment behind, and is counted below.
        await expect.poll(() => decisions().length, { timeout: 10_000 }).toBe(before + 1);
      },
    );

    // No Bearer token (RFC 6750 section 2.1), or too long for a message.
    it.each(
      attacks.filter((attack) => !isHarmless(attack) && !isRead(attack) && !isReadWithout(attack)),
    )('is refused by PostgreSQL, which asks nobody: $title', async ({ request, password }) => {
      const read = await host.markLog();
      const before = decisions().length;
      const said = await enter(password, { user: request.role }).catch(messageOf);
      expect([FAILED(request.role), 'malformed OAUTHBEARER message', CLOSED]).toContain(said);
      expect(readReasons(await read())).toEqual([]);
      expect(decisions()).toHaveLength(before);
    });

    // "Bearer" 1*SP b64token (RFC 6750 section 2.1): PostgreSQL takes all of the spaces off.
    it.each(attacks.filter(isReadWithout))(
      'is none without its spaces: $title',
      async ({ request, password }) => {
        const before = decisions().length;
        expect(await enter(password, { user: request.role })).toMatch(/^foo:myservice /);
        await expect.poll(() => decisions().length, { timeout: 10_000 }).toBe(before + 1);
      },
    );

    it.each(attacks.filter(isHarmless))('is none: $title', async ({ request, password }) => {
      expect(await enter(password, { user: request.role })).toMatch(
        /^foo:myservice (?:oauth:.+|nobody)$/,
      );
    });
  });

  more?.({ host: () => host, enter, expectDecision });

  it('no log has a token, or a part of one', async () => {
    const read = await host.markLog();
    await read();
    const logs = host.serverLog() + JSON.stringify(host.daemonLog());
    expect(secrets.length).toBeGreaterThan(30);
    for (const token of secrets) {
      for (const part of token.split('.')) {
        expect(part.length > 20 && logs.includes(part.slice(0, 20))).toBe(false);
      }
    }
  });
}

function dribble(socket: Socket): void {
  const timer = setInterval(() => socket.write('g'), 20);
  socket.on('close', () => clearInterval(timer));
}
