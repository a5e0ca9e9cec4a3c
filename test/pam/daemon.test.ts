// mode=daemon: framing, retries and failures of the socket, against a daemon that the test plays.
import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  build,
  denied,
  fakeDaemon,
  field,
  granted,
  LOG_ERR,
  LOG_NOTICE,
  login,
  logins,
  loginSteps,
  pam,
  replying,
  sanitized,
  shipped,
  stack,
  state,
  step,
  temporaryFolder,
  unavailable,
} from './support.ts';

beforeAll(build);

const expired = 'denied ERR_TOKEN_EXPIRED the token expired at noon';

describe.concurrent.each([shipped, sanitized])('$name', (using) => {
  describe('a reply', () => {
    test.each(['granted\0', `${expired}\0`])(
      '%j split at every position reads the same',
      async (reply) => {
        const daemon = await fakeDaemon({
          request: (socket, _, count) => {
            socket.write(reply.slice(0, count));
            void delay(2).then(() => socket.end(reply.slice(count)));
          },
        });
        const results = await logins(using, [`socket=${daemon.path}`], { count: reply.length });
        const expected = reply === 'granted\0' ? granted : denied(expired);
        expect(results).toMatchObject(Array.from(reply, () => expected));
      },
    );

    test('is not taken before the daemon has closed', async () => {
      const daemon = await fakeDaemon({ request: (socket) => socket.write('granted\0') });
      const result = await login(using, [`socket=${daemon.path}`, 'timeout=1']);
      const line = `unavailable ERR_DEADLINE no answer in time from the daemon at ${daemon.path}`;
      expect(result).toMatchObject(unavailable(line));
    });

    test.each([
      ['granted', 'x'],
      ['granted\0', '\0'],
      ['granted\0', 'granted\0'],
      ['denied ERR_INTERNAL x\0', 'granted\0'],
    ])('%j followed later by %j is garbled', async (first, later) => {
      const daemon = await fakeDaemon({
        request: (socket) => {
          socket.write(first);
          void delay(20).then(() => socket.end(later));
        },
      });
      const result = await login(using, [`socket=${daemon.path}`]);
      const line = `unavailable ERR_PROTOCOL garbled reply from the daemon at ${daemon.path}`;
      expect(result).toMatchObject(unavailable(line));
    });

    test('that never ends is given up when it is too long, not at the deadline', async () => {
      const daemon = await fakeDaemon({ request: (socket) => socket.write('x'.repeat(600)) });
      const result = await login(using, [`socket=${daemon.path}`, 'timeout=60']);
      const line = `unavailable ERR_PROTOCOL garbled reply from the daemon at ${daemon.path}`;
      expect(result).toMatchObject(unavailable(line));
    });

    test('of 511 bytes goes to syslog whole, and to the application cut between characters', async () => {
      const line = `denied ERR_ROLE_NOT_PERMITTED ${'ü'.repeat(240)}x`;
      expect(Buffer.byteLength(line)).toBe(511);
      const daemon = await fakeDaemon(replying(`${line}\0`));
      const result = await login(using, [`socket=${daemon.path}`]);
      expect(result.messages[0]?.text).toBe(
        `pgtoken: denied ERR_ROLE_NOT_PERMITTED ${'ü'.repeat(236)}`,
      );
      expect(result.log[0]?.text).toBe(`${line} (service=postgresql rhost=- user=foo)`);
    });
  });

  describe('a request', () => {
    test('arrives whole in small pieces, between signals', async () => {
      const daemon = await fakeDaemon(replying('granted\0'));
      const token = 'x'.repeat(20_000);
      const result = await login(using, [`socket=${daemon.path}`], {
        token,
        before: [step('pid', 4711), step('chop', 97), step('alarms', 1)],
      });
      expect(result).toMatchObject(granted);
      expect(daemon.requests[0]?.toString()).toBe(
        `pgtoken/2\0PAM_SERVICE=postgresql\0PAM_USER=foo\0PID=4711\0\0${token}\0`,
      );
    });

    test('names the process that is logged in to', async () => {
      const daemon = await fakeDaemon(replying('granted\0'));
      const [result] = await logins(using, [`socket=${daemon.path}`], { count: 1 });
      expect(result).toMatchObject(granted);
      expect(Number(field(daemon.requests[0] ?? Buffer.alloc(0), 'PID'))).toBeGreaterThan(1);
    });

    test('that the daemon of an older package cannot read is asked in version 1', async () => {
      const daemon = await fakeDaemon({
        request: (socket, request) => {
          socket.end(
            request.toString().startsWith('pgtoken/1\0')
              ? 'denied ERR_TOKEN_EXPIRED the token expired at noon\0'
              : 'unavailable ERR_PROTOCOL the request cannot be read: expected "pgtoken/1" first, saw another protocol or version\0',
          );
        },
      });
      const result = await login(using, [`socket=${daemon.path}`], { token: 'a.b.c' });
      expect(result).toMatchObject(denied('denied ERR_TOKEN_EXPIRED the token expired at noon'));
      expect(daemon.requests[1]?.toString()).toBe(
        'pgtoken/1\0PAM_SERVICE=postgresql\0PAM_USER=foo\0\0a.b.c\0',
      );
      expect(daemon.requests).toHaveLength(2);
    });

    test('that the daemon can read in no version is refused after two', async () => {
      const daemon = await fakeDaemon(replying('unavailable ERR_PROTOCOL x\0'));
      expect(await login(using, [`socket=${daemon.path}`])).toMatchObject(
        unavailable('unavailable ERR_PROTOCOL x'),
      );
      expect(daemon.requests).toHaveLength(2);
    });

    test('is not asked in version 1 where the reply is garbled, or the deadline has come', async () => {
      const garbled = await fakeDaemon(replying('unavailable ERR_PROTOCOL x\0more\0'));
      expect(await login(using, [`socket=${garbled.path}`])).toMatchObject(
        unavailable(`unavailable ERR_PROTOCOL garbled reply from the daemon at ${garbled.path}`),
      );
      expect(garbled.requests).toHaveLength(1);
      const silentInVersion1 = await fakeDaemon({
        request: (socket, request) => {
          if (request.toString().startsWith('pgtoken/2\0'))
            socket.end('unavailable ERR_PROTOCOL x\0');
        },
      });
      expect(await login(using, [`socket=${silentInVersion1.path}`, 'timeout=1'])).toMatchObject(
        unavailable(
          `unavailable ERR_DEADLINE no answer in time from the daemon at ${silentInVersion1.path}`,
        ),
      );
    });

    test('gets its answer from a daemon that takes its time, between signals', async () => {
      const daemon = await fakeDaemon({
        request: (socket) => void delay(200).then(() => socket.end('granted\0')),
      });
      const result = await login(using, [`socket=${daemon.path}`], { before: [step('alarms', 1)] });
      expect(result).toMatchObject(granted);
    });

    test('may be refused before it was taken whole', async () => {
      const daemon = await fakeDaemon({
        connection: (socket) => {
          socket.pause();
          socket.write('unavailable ERR_INTERNAL too many logins at once\0', () =>
            socket.destroy(),
          );
        },
      });
      const result = await login(using, [`socket=${daemon.path}`], {
        token: 'x'.repeat(65_535),
        before: [step('chop', 1)],
      });
      expect(result).toMatchObject(unavailable('unavailable ERR_INTERNAL too many logins at once'));
      expect(daemon.requests).toEqual([]);
    });

    test('is never granted before it was taken whole', async () => {
      const daemon = await fakeDaemon({
        connection: (socket) => {
          socket.pause();
          socket.write('granted\0', () => socket.destroy());
        },
      });
      const result = await login(using, [`socket=${daemon.path}`], {
        token: 'x'.repeat(65_535),
        before: [step('chop', 1)],
      });
      const line = `unavailable ERR_PROTOCOL garbled reply from the daemon at ${daemon.path}`;
      expect(result).toMatchObject(unavailable(line));
      expect(daemon.requests).toEqual([]);
    });

    test('is never granted by a daemon that has left it unread', async () => {
      const path = join(temporaryFolder(), 'd.sock');
      const server = createServer({ pauseOnConnect: true }, (socket) => {
        socket.write('granted\0');
        void delay(100).then(() => socket.destroy()); // by then it has been sent
      });
      server.listen(path);
      await once(server, 'listening');
      const result = await login(using, [`socket=${path}`]);
      const line = `unavailable ERR_PROTOCOL garbled reply from the daemon at ${path}`;
      expect(result).toMatchObject(unavailable(line));
      server.close();
    });

    test('is never granted when it could not be sent whole', async () => {
      const daemon = await fakeDaemon({
        connection: (socket) => socket.once('data', () => socket.end('granted\0')),
      });
      const result = await login(using, [`socket=${daemon.path}`], {
        before: [step('break-pipe')],
      });
      const line = `unavailable ERR_PROTOCOL garbled reply from the daemon at ${daemon.path}`;
      expect(result).toMatchObject(unavailable(line));
    });

    test.each([0, 1, 511, 4000, 16_000, 65_535])('carries a token of %i bytes', async (size) => {
      const daemon = await fakeDaemon(replying('granted\0'));
      const token = 'x'.repeat(size);
      expect(await login(using, [`socket=${daemon.path}`], { token })).toMatchObject(granted);
      expect(daemon.requests[0]?.toString().endsWith(`\0\0${token}\0`)).toBe(true);
    });

    test('is not made for a token of 65536 bytes', async () => {
      const daemon = await fakeDaemon(replying('granted\0'));
      const result = await login(using, [`socket=${daemon.path}`], { token: 'x'.repeat(65_536) });
      expect(result).toMatchObject(
        denied('denied ERR_TOKEN_TOO_LARGE the token has 65536 bytes, 65535 are allowed'),
      );
      expect(daemon.requests).toEqual([]);
    });

    test.each([
      ['a user', { user: 'u'.repeat(1024) }],
      ['an address', { rhost: 'r'.repeat(1024) }],
    ])('is not made for %s of 1024 bytes', async (_, how) => {
      const daemon = await fakeDaemon(replying('granted\0'));
      const result = await login(using, [`socket=${daemon.path}`], how);
      expect(result.code).toBe('PAM_AUTHINFO_UNAVAIL');
      expect(result.messages[0]?.text).toBe(
        'pgtoken: unavailable ERR_PROTOCOL PAM_SERVICE, PAM_USER or PAM_RHOST has more than 1023 bytes',
      );
      expect(daemon.requests).toEqual([]);
    });
  });

  describe('a connection that ends without a reply', () => {
    test('is made again, and the second may succeed', async () => {
      const daemon = await fakeDaemon({
        request: (socket, _, count) => (count === 1 ? socket.end() : socket.end('granted\0')),
      });
      const result = await login(using, [`socket=${daemon.path}`]);
      expect(result).toMatchObject(granted);
      expect(daemon.requests[1]).toEqual(daemon.requests[0]);
      expect(daemon.connections).toBe(2);
    });

    test('is made again after a reset, and the third may succeed', async () => {
      const daemon = await fakeDaemon({
        connection: (socket, count) => {
          if (count < 3) socket.destroy();
        },
        request: (socket) => socket.end('granted\0'),
      });
      expect(await login(using, [`socket=${daemon.path}`])).toMatchObject(granted);
      expect(daemon.connections).toBe(3);
    });

    test('is made three times after the one that was made ahead, and no more', async () => {
      const daemon = await fakeDaemon({ request: (socket) => socket.end() });
      const line = `unavailable ERR_DAEMON_UNREACHABLE 3 connections closed without a reply by the daemon at ${daemon.path}. HINT: Read its log.`;
      expect(await login(using, [`socket=${daemon.path}`])).toMatchObject(unavailable(line));
      expect(daemon.connections).toBe(4);
    });

    test('is made again when the one made ahead was closed while the password was asked for', async () => {
      const daemon = await fakeDaemon({
        connection: (socket, count) => {
          if (count === 1) socket.end();
        },
        request: (socket) => socket.end('granted\0'),
      });
      const result = await login(using, [`socket=${daemon.path}`]);
      expect(result).toMatchObject(granted);
      expect(daemon.connections).toBe(2);
    });

    test('is made again also when the socket is gone for a moment', async () => {
      const path = join(temporaryFolder(), 'd.sock');
      const second = createServer((socket) => socket.resume().end('granted\0'));
      const first = createServer((socket) => {
        socket.destroy();
        first.close(); // which removes the socket
        setTimeout(() => second.listen(path), 1500);
      });
      first.listen(path);
      await once(first, 'listening');
      // Pauses of a second, so that the second try finds nothing and the third a daemon.
      const result = await login(using, [`socket=${path}`, 'timeout=60'], {
        before: [step('stretch', 20)],
      });
      expect(result).toMatchObject(granted);
      second.close();
    });

    test('after the first byte of a reply it is garbled, and not made again', async () => {
      const daemon = await fakeDaemon(replying('gran'));
      const line = `unavailable ERR_PROTOCOL garbled reply from the daemon at ${daemon.path}`;
      expect(await login(using, [`socket=${daemon.path}`])).toMatchObject(unavailable(line));
      expect(daemon.connections).toBe(1);
    });
  });

  describe('no daemon', () => {
    const start = 'HINT: Start pgtoken.socket, or set mode=exec.';

    test('because there is no socket', async () => {
      const path = join(temporaryFolder(), 'd.sock');
      const line = `unavailable ERR_DAEMON_UNREACHABLE no daemon at ${path}: No such file or directory. ${start}`;
      expect(await login(using, [`socket=${path}`])).toMatchObject(unavailable(line));
    });

    test('because the file is no socket', async () => {
      const path = join(temporaryFolder(), 'd.sock');
      writeFileSync(path, '');
      const line = `unavailable ERR_DAEMON_UNREACHABLE no daemon at ${path}: Connection refused. ${start}`;
      expect(await login(using, [`socket=${path}`])).toMatchObject(unavailable(line));
    });

    test('because the folder is a file', async () => {
      const path = join(temporaryFolder(), 'file');
      writeFileSync(path, '');
      const line = `unavailable ERR_DAEMON_UNREACHABLE cannot ask the daemon at ${path}/d.sock: Not a directory`;
      expect(await login(using, [`socket=${path}/d.sock`])).toMatchObject(unavailable(line));
    });

    test('because this account may not connect', async () => {
      const daemon = await fakeDaemon(replying('granted\0'));
      await chmod(daemon.path, 0);
      await chmod(join(daemon.path, '..'), 0o755);
      const line = `unavailable ERR_DAEMON_UNREACHABLE no permission to connect to ${daemon.path}. HINT: Join the socket's group, and restart the server.`;
      const result = await login(using, [`socket=${daemon.path}`], { before: ['unprivileged'] });
      expect(result).toMatchObject(unavailable(line));
      expect(daemon.connections).toBe(0);
    });

    test('because this account may not search the folder', async () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, 'closed'), { mode: 0 });
      await chmod(folder, 0o755);
      const path = join(folder, 'closed/d.sock');
      const line = `unavailable ERR_DAEMON_UNREACHABLE no permission to connect to ${path}. HINT: Join the socket's group, and restart the server.`;
      const result = await login(using, [`socket=${path}`], { before: ['unprivileged'] });
      await chmod(join(folder, 'closed'), 0o700); // so that it can be removed
      expect(result).toMatchObject(unavailable(line));
    });
  });

  describe('deadline', () => {
    test('of a daemon that stays silent', async () => {
      const daemon = await fakeDaemon({});
      const line = `unavailable ERR_DEADLINE no answer in time from the daemon at ${daemon.path}`;
      const result = await login(using, [`socket=${daemon.path}`, 'timeout=1']);
      expect(result).toMatchObject(unavailable(line));
      expect(result.ms).toBeLessThan(30_000);
      expect(daemon.connections).toBe(1);
    });

    test('of a daemon that stays silent while signals keep coming', async () => {
      const daemon = await fakeDaemon({});
      const line = `unavailable ERR_DEADLINE no answer in time from the daemon at ${daemon.path}`;
      const result = await login(using, [`socket=${daemon.path}`, 'timeout=1'], {
        before: [step('alarms', 1)],
      });
      expect(result).toMatchObject(unavailable(line));
    });

    test('of a daemon that sends a byte at a time', async () => {
      const daemon = await fakeDaemon({
        request: (socket) => {
          const timer = setInterval(() => socket.write('x'), 100);
          socket.on('close', () => clearInterval(timer));
        },
      });
      const line = `unavailable ERR_DEADLINE no answer in time from the daemon at ${daemon.path}`;
      expect(await login(using, [`socket=${daemon.path}`, 'timeout=1'])).toMatchObject(
        unavailable(line),
      );
    });

    test.each([[[]], [[step('alarms', 1)]]])(
      'of a daemon that accepts nobody while its backlog is full %j',
      async (steps) => {
        const path = join(temporaryFolder(), 'd.sock');
        const line = `unavailable ERR_DEADLINE no answer in time from the daemon at ${path}`;
        const result = await login(using, [`socket=${path}`, 'timeout=1'], {
          before: [step('listen-without-room', path), ...steps],
        });
        expect(result).toMatchObject(unavailable(line));
      },
    );
  });

  describe('the process it runs in', () => {
    test('200 logins leave no descriptor, no child and nothing else changed', async () => {
      const daemon = await fakeDaemon(replying('granted\0'));
      const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
        ...loginSteps(),
        state,
        ...loginSteps({ count: 200 }).slice(-1),
        state,
      ]);
      expect(results.filter((result) => result.code === 'PAM_SUCCESS')).toHaveLength(201);
      expect(results.at(-1)).toEqual(results[1]);
      expect(results.at(-1)?.children).toBe(false);
    });

    test('refusals and retries leave no descriptor either', async () => {
      const replies = ['', 'garbled', `${expired}\0`];
      const daemon = await fakeDaemon({
        request: (socket, _, count) => socket.end(replies[count % 3] ?? ''),
      });
      const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
        ...loginSteps(),
        state,
        ...loginSteps({ count: 30 }).slice(-1),
        state,
      ]);
      expect(results.filter((result) => result.code === 'PAM_SUCCESS')).toEqual([]);
      expect(results.at(-1)).toEqual(results[1]);
    });

    test.each([[[0]], [[1]], [[2]], [[0, 1, 2]]])('may have closed %j', async (closed) => {
      const daemon = await fakeDaemon(replying('granted\0'));
      const result = await login(using, [`socket=${daemon.path}`], {
        before: closed.map((fd) => step('close', fd)),
      });
      expect(result).toMatchObject(granted);
    });

    test('may have no descriptor left', async () => {
      const daemon = await fakeDaemon(replying('granted\0'));
      const result = await login(using, [`socket=${daemon.path}`], { before: ['no-descriptors'] });
      const line = `unavailable ERR_DAEMON_UNREACHABLE cannot ask the daemon at ${daemon.path}: Too many open files`;
      expect(result.messages).toEqual(unavailable(line).messages);
      expect(result.log[0]).toEqual(unavailable(line).log[0]);
      // libpam has none for its audit record either, and may make that the result.
      expect(result.code).toMatch(/^PAM_(AUTHINFO_UNAVAIL|SYSTEM_ERR)$/);
    });

    test('20 threads log in at once, each with its own handle', async () => {
      const daemon = await fakeDaemon(replying('granted\0'));
      const results = await pam(
        using,
        { postgresql: stack([`socket=${daemon.path}`, 'timeout=60']) },
        [...loginSteps(), step('threads', 20, 20, 'postgresql', 'foo')],
      );
      expect(results[1]).toMatchObject({ granted: 400, log: [] });
    });
  });

  describe('syslog', () => {
    test('a denial is a notice and the rest an error, with service, address and user', async () => {
      const daemon = await fakeDaemon({
        request: (socket, request) =>
          socket.end(
            field(request, 'PAM_USER') === 'foo' ? `${expired}\0` : 'unavailable ERR_INTERNAL x\0',
          ),
      });
      const lines = stack([`socket=${daemon.path}`]);
      const results = await pam(using, { 'postgresql-k8s': lines }, [
        ...loginSteps({ service: 'postgresql-k8s', rhost: '10.0.0.7' }),
        ...loginSteps({ service: 'postgresql-k8s', rhost: 'fd00::7', user: 'bar' }),
      ]);
      expect(results.map((result) => result.log)).toEqual([
        [
          {
            priority: LOG_NOTICE,
            text: `${expired} (service=postgresql-k8s rhost=10.0.0.7 user=foo)`,
          },
        ],
        [
          {
            priority: LOG_ERR,
            text: 'unavailable ERR_INTERNAL x (service=postgresql-k8s rhost=fd00::7 user=bar)',
          },
        ],
      ]);
    });

    test.each([
      ['a\nb\tc\u001b[31m\u007f', 'a?b?c?[31m?'],
      // Letters that look like others, and such as turn the rest of the line around.
      ['\u0440ostgres caf\u00e9 😀', '??ostgres caf?? ????'],
      ['a\u202etsop\u2066\u200b\ufeff', 'a???tsop?????????'],
      ['c1\u0085\u009f', 'c1????'],
      [Buffer.from([0x61, 0xff, 0xc0, 0xaf, 0x62]), 'a???b'],
      [Buffer.from([0x61, 0xe2, 0x82]), 'a??'],
      ['%s%n%d', '%s%n%d'],
      ['x'.repeat(300), 'x'.repeat(256)],
    ])('prints the user %j without what could fool a reader', async (user, printed) => {
      const daemon = await fakeDaemon(replying(`${expired}\0`));
      const result = await login(using, [`socket=${daemon.path}`], { user, rhost: user });
      expect(result.log).toEqual([
        {
          priority: LOG_NOTICE,
          text: `${expired} (service=postgresql rhost=${printed} user=${printed})`,
        },
      ]);
    });
  });
});
