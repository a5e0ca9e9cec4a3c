// mode=exec: the helper as the module starts it, what its end means, and that nothing of it is left.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import {
  acct,
  build,
  denied,
  granted,
  inspectHelper,
  login,
  logins,
  loginSteps,
  pam,
  sanitized,
  shipped,
  stack,
  state,
  step,
  temporaryFolder,
  unavailable,
  type Build,
  type Login,
} from './support.ts';

beforeAll(build);

/** An executable shell script; $0.d names files beside it. */
function script(...lines: string[]): string {
  const path = join(temporaryFolder(), 'helper');
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  return path;
}

const readAll = 'cat >/dev/null';
const say = (line: string): string => `printf '%s\\n' '${line}' >&2`;

async function execLogin(
  using: Build,
  helper: string,
  how: Login = {},
  options: string[] = [],
): ReturnType<typeof login> {
  return login(using, ['mode=exec', `helper=${helper}`, ...options], how);
}

/** Runs the inspecting helper and returns what it has written about itself. */
async function inspect(using: Build, how: Login = {}): Promise<(name: string) => Buffer> {
  const base = join(temporaryFolder(), 'report');
  const result = await login(
    using,
    ['mode=exec', `helper=${inspectHelper}`, `config=${base}`],
    how,
  );
  expect(result).toMatchObject(granted);
  return (name) => readFileSync(`${base}.${name}`);
}

const expired = 'denied ERR_TOKEN_EXPIRED the token expired at noon';
const noKeys = 'unavailable ERR_KEYS_UNAVAILABLE no keys of issuer prod-eu';

describe.concurrent.each([shipped, sanitized])('$name', (using) => {
  describe('what the end of the helper means', () => {
    test('exit status 0 after reading the token is a grant', async () => {
      const results = await pam(
        using,
        { postgresql: stack(['mode=exec', `helper=${script(readAll)}`]) },
        [...loginSteps(), acct()],
      );
      expect(results).toMatchObject([granted, granted]);
    });

    test('exit status 1 is a denial with the reason of the helper', async () => {
      const helper = script(readAll, say(expired), 'exit 1');
      expect(await execLogin(using, helper)).toMatchObject(denied(expired));
    });

    test('exit status 2 is unavailable with the reason of the helper', async () => {
      const helper = script(readAll, say(noKeys), 'exit 2');
      expect(await execLogin(using, helper)).toMatchObject(unavailable(noKeys));
    });

    test('exit status 0 grants whatever the helper has said', async () => {
      expect(await execLogin(using, script(readAll, say(expired)))).toMatchObject(granted);
    });

    test('a reason needs no newline at its end', async () => {
      const helper = script(readAll, `printf '${expired}' >&2`, 'exit 1');
      expect(await execLogin(using, helper)).toMatchObject(denied(expired));
    });

    test('only the first line is the reason', async () => {
      const helper = script(
        readAll,
        say(expired),
        say('denied ERR_DENY_LISTED never shown'),
        'exit 1',
      );
      expect(await execLogin(using, helper)).toMatchObject(denied(expired));
    });

    // Each row: what the helper writes, its exit status, the word of the refusal.
    test.each([
      ['', 1, 'denied'],
      [noKeys, 1, 'denied'],
      ['granted', 1, 'denied'],
      ['denied ERR_x no code', 1, 'denied'],
      ['denied', 1, 'denied'],
      [`${'-'.repeat(3)}\n${expired}`, 1, 'denied'],
      ['', 2, 'unavailable'],
      [expired, 2, 'unavailable'],
      ['Segmentation fault', 2, 'unavailable'],
      [expired, 3, 'unavailable'],
      [noKeys, 3, 'unavailable'],
      ['', 126, 'unavailable'],
      ['', 255, 'unavailable'],
    ])(
      '%j with exit status %i is a refusal that names the status: %s',
      async (text, status, word) => {
        const helper = script(readAll, say(text), `exit ${status}`);
        const line = `${word} ERR_PROTOCOL exit status ${status} without a matching reason from ${helper}. HINT: Run it by hand.`;
        const result = await execLogin(using, helper);
        expect(result).toMatchObject((word === 'denied' ? denied : unavailable)(line));
      },
    );

    test('a reason of 511 bytes is taken, and cut for PAM_ERROR_MSG between characters', async () => {
      const line = `denied ERR_TOKEN_EXPIRED ${'€'.repeat(162)}`;
      expect(Buffer.byteLength(line)).toBe(511);
      const result = await execLogin(using, script(readAll, say(line), 'exit 1'));
      expect(result.code).toBe('PAM_AUTH_ERR');
      expect(result.messages[0]?.text).toBe(`pgtoken: denied ERR_TOKEN_EXPIRED ${'€'.repeat(159)}`);
      expect(result.log[0]?.text).toBe(`${line} (service=postgresql rhost=- user=foo)`);
    });

    test.each([512, 513, 600, 5000])('a reason of %i bytes is not taken', async (size) => {
      const line = 'denied ERR_TOKEN_EXPIRED '.padEnd(size, 'x');
      const result = await execLogin(using, script(readAll, say(line), 'exit 1'));
      expect(result.messages[0]?.text).toContain(
        'ERR_PROTOCOL exit status 1 without a matching reason',
      );
    });

    test('binary junk on standard error is not shown', async () => {
      const helper = script(readAll, 'head -c 3000 /dev/urandom >&2', 'exit 1');
      const result = await execLogin(using, helper);
      expect(result.messages[0]?.text).toContain(
        'ERR_PROTOCOL exit status 1 without a matching reason',
      );
    });

    test('a NUL in the reason makes it unusable', async () => {
      const helper = script(readAll, `printf '${expired}\\000x\\n' >&2`, 'exit 1');
      const result = await execLogin(using, helper);
      expect(result.messages[0]?.text).toContain(
        'ERR_PROTOCOL exit status 1 without a matching reason',
      );
    });

    test('death by a signal is unavailable, even with a reason', async () => {
      const helper = script(readAll, say(expired), 'kill -SEGV $$');
      const line = `unavailable ERR_HELPER_FAILED signal 11 killed ${helper}`;
      expect(await execLogin(using, helper)).toMatchObject(unavailable(line));
    });

    test('a helper that is missing is unavailable', async () => {
      const line =
        'unavailable ERR_HELPER_FAILED cannot run /nonexistent/pgtoken: No such file or directory';
      expect(await execLogin(using, '/nonexistent/pgtoken')).toMatchObject(unavailable(line));
    });

    test('a helper that is not executable is unavailable', async () => {
      const helper = join(temporaryFolder(), 'helper');
      writeFileSync(helper, '#!/bin/sh\n', { mode: 0o644 });
      const line = `unavailable ERR_HELPER_FAILED cannot run ${helper}: Permission denied`;
      expect(await execLogin(using, helper)).toMatchObject(unavailable(line));
    });

    test('a helper that grants without reading the token is not believed', async () => {
      const line = 'unavailable ERR_PROTOCOL exit status 0, but the token not read, from /bin/true';
      expect(await execLogin(using, '/bin/true')).toMatchObject(unavailable(line));
    });

    test('a helper that grants after part of the token is not believed', async () => {
      const helper = script('head -c 1000 >/dev/null');
      const line = `unavailable ERR_PROTOCOL exit status 0, but the token not read, from ${helper}`;
      const result = await execLogin(using, helper, { token: 'x'.repeat(60_000) });
      expect(result).toMatchObject(unavailable(line));
    });

    test('a helper that grants with its standard input left to a child is not believed', async () => {
      const helper = script('exec 3<&0', 'sleep 600 <&3 &', 'exit 0');
      const result = await execLogin(using, helper);
      expect(result.code).toBe('PAM_AUTHINFO_UNAVAIL');
      expect(result.messages[0]?.text).toContain('exit status 0, but the token not read');
    });

    test.each([10, 65_535])(
      'a helper that exits at once, %i bytes unread, raises no SIGPIPE and keeps its reason',
      async (size) => {
        const helper = script(say(expired), 'exit 1');
        const result = await execLogin(using, helper, { token: 'x'.repeat(size) });
        expect(result).toMatchObject(denied(expired));
      },
    );

    test('a helper that closes its standard streams is judged by its exit status', async () => {
      const helper = script('exec 0<&- 1>&- 2>&-', 'sleep 0.05', 'exit 1');
      const result = await execLogin(using, helper);
      expect(result).toMatchObject({ code: 'PAM_AUTH_ERR' });
      expect(result.messages[0]?.text).toContain('exit status 1 without a matching reason');
    });

    test('a helper that talks a lot, before it reads, is neither blocked nor misread', async () => {
      const helper = script(say(expired), 'head -c 300000 /dev/zero >&2', readAll, 'exit 1');
      const result = await execLogin(using, helper, { token: 'x'.repeat(65_535) });
      expect(result).toMatchObject(denied(expired));
    });

    test('a helper that never stops talking is stopped', async () => {
      const helper = script(readAll, say(expired), 'exec cat /dev/zero >&2');
      const line = `unavailable ERR_PROTOCOL more than 1 MiB of messages from ${helper}`;
      expect(await execLogin(using, helper)).toMatchObject(unavailable(line));
    });
  });

  describe('deadline', () => {
    test('a helper that hangs is killed with its whole group', async () => {
      const helper = script('sleep 600 &', 'echo $$ $! >$0.d', 'wait');
      const result = await execLogin(using, helper, {}, ['timeout=3']);
      expect(result).toMatchObject(
        unavailable(`unavailable ERR_DEADLINE no answer in time from ${helper}`),
      );
      for (const pid of readFileSync(`${helper}.d`, 'utf8').trim().split(' ')) {
        await waitForEnd(pid);
      }
    });

    test('a helper that reads nothing and ignores SIGTERM is killed', async () => {
      const helper = script("trap '' TERM INT HUP", 'while :; do sleep 1; done');
      const result = await execLogin(using, helper, { token: 'x'.repeat(65_535) }, ['timeout=1']);
      expect(result).toMatchObject(
        unavailable(`unavailable ERR_DEADLINE no answer in time from ${helper}`),
      );
    });

    test('a helper that hangs is killed also without pidfd', async () => {
      const helper = script('exec sleep 600');
      const result = await execLogin(using, helper, { before: ['no-pidfd'] }, ['timeout=1']);
      expect(result).toMatchObject(
        unavailable(`unavailable ERR_DEADLINE no answer in time from ${helper}`),
      );
    });

    test('a grandchild that holds standard error open is not waited for, but killed', async () => {
      const helper = script(readAll, 'sleep 600 &', 'echo $! >$0.d', say(expired), 'exit 1');
      const result = await execLogin(using, helper, {}, ['timeout=60']);
      expect(result).toMatchObject(denied(expired));
      await waitForEnd(readFileSync(`${helper}.d`, 'utf8').trim());
    });

    test.each([
      ['timeout=1', 1, 900],
      ['timeout=60', 30_000, 54_000],
    ])('with %s the helper is told nine tenths of what is left', async (option, least, most) => {
      const helper = script('echo "$@" >$0.d', readAll);
      await execLogin(using, helper, {}, [option]);
      const match = /^pam --config \/etc\/pgtoken\/issuers.yaml --timeout (\d+)ms\n$/.exec(
        readFileSync(`${helper}.d`, 'utf8'),
      );
      expect(Number(match?.[1])).toBeGreaterThanOrEqual(least);
      expect(Number(match?.[1])).toBeLessThanOrEqual(most);
    });
  });

  describe('what the helper is started with', () => {
    test('its environment is exactly the PAM items and two more', async () => {
      const report = await inspect(using, {
        service: 'postgresql-k8s',
        user: 'team a',
        rhost: '10.0.0.7',
      });
      expect(report('environ').toString()).toBe(
        'PATH=/usr/bin:/bin\0LANG=C.UTF-8\0PAM_TYPE=auth\0PAM_SERVICE=postgresql-k8s\0PAM_USER=team a\0PAM_RHOST=10.0.0.7\0',
      );
    });

    test('PAM_RHOST is left out when it is not set', async () => {
      const report = await inspect(using);
      expect(report('environ').toString()).toBe(
        'PATH=/usr/bin:/bin\0LANG=C.UTF-8\0PAM_TYPE=auth\0PAM_SERVICE=postgresql\0PAM_USER=foo\0',
      );
    });

    test('PAM_USER reaches it byte for byte', async () => {
      const user = Buffer.from([0x61, 0x0a, 0xff, 0x3d, 0x27, 0x24]);
      const report = await inspect(using, { user });
      expect(
        report('environ').includes(
          Buffer.concat([Buffer.from('\0PAM_USER='), user, Buffer.from('\0')]),
        ),
      ).toBe(true);
    });

    test('its arguments are the documented ones', async () => {
      const report = await inspect(using);
      expect(report('cmdline').toString().split('\0').join(' ')).toMatch(
        new RegExp(`^${inspectHelper} pam --config /.*/report --timeout [1-4]\\d{3}ms $`),
      );
    });

    test('it has a socket, /dev/null and a pipe, and inherits no other descriptor', async () => {
      const report = await inspect(using, { before: ['open-inheritable', 'open-inheritable'] });
      expect(report('fds').toString()).toMatch(
        /^0 socket:\[\d+\]\n1 \/dev\/null\n2 pipe:\[\d+\]\n$/,
      );
    });

    test.each([[[0]], [[1]], [[2]], [[0, 1]], [[0, 2]], [[1, 2]], [[0, 1, 2]]])(
      'it has them also when the application has closed %j',
      async (closed) => {
        const report = await inspect(using, { before: closed.map((fd) => step('close', fd)) });
        expect(report('fds').toString()).toMatch(
          /^0 socket:\[\d+\]\n1 \/dev\/null\n2 pipe:\[\d+\]\n$/,
        );
        expect(report('stdin').toString()).toBe('header.claims.signature\0');
      },
    );

    test('it runs in / and in a process group of its own', async () => {
      const report = await inspect(using);
      expect(report('process').toString()).toBe('/ own-group');
    });

    test('no signal is blocked or ignored, whatever the application does', async () => {
      const report = await inspect(using, { before: ['hostile-signals'] });
      const status = report('status').toString();
      const mask = (name: string): bigint =>
        BigInt(`0x${new RegExp(`^${name}:\\t([0-9a-f]{16})$`, 'm').exec(status)?.[1]}`);
      expect(mask('SigBlk')).toBe(0n);
      expect(mask('SigCgt')).toBe(0n);
      // 32 and 33 are glibc's own: its posix_spawn ignores them in every child.
      expect(mask('SigIgn') & ~0x1_8000_0000n).toBe(0n);
    });

    test.each([0, 1, 510, 511, 512, 4000, 16_000, 65_535])(
      'a token of %i bytes arrives whole, ended by one NUL',
      async (size) => {
        const sent = randomText(size);
        const report = await inspect(using, { token: sent });
        const expected = Buffer.from(`${sent}\0`);
        expect(report('stdin').length).toBe(expected.length);
        expect(sha256(report('stdin'))).toBe(sha256(expected));
      },
    );

    test('a token arrives whole in small pieces, between signals', async () => {
      const token = randomText(20_000);
      const report = await inspect(using, { token, before: [step('chop', 97), step('alarms', 1)] });
      expect(sha256(report('stdin'))).toBe(sha256(Buffer.from(`${token}\0`)));
    });

    test('a token of 65536 bytes is refused without starting it', async () => {
      const helper = script('touch $0.d');
      const line = 'denied ERR_TOKEN_TOO_LARGE the token has 65536 bytes, 65535 are allowed';
      expect(await execLogin(using, helper, { token: randomText(65_536) })).toMatchObject(
        denied(line),
      );
      expect(existsSync(`${helper}.d`)).toBe(false);
    });
  });

  describe('the process it runs in', () => {
    const options = ['mode=exec', `helper=${inspectHelper}`];

    test('200 logins leave no descriptor, no child and nothing else changed', async () => {
      const config = join(temporaryFolder(), 'report');
      const lines = stack([...options, `config=${config}`]);
      const results = await pam(using, { postgresql: lines }, [
        ...loginSteps(),
        state,
        ...loginSteps({ count: 200 }).slice(-1),
        state,
      ]);
      expect(results.filter((result) => result.code === 'PAM_SUCCESS')).toHaveLength(201);
      expect(results.at(-1)).toEqual(results[1]);
      expect(results.at(-1)?.children).toBe(false);
    });

    test.each([
      ['denied', script.bind(null, readAll, say(expired), 'exit 1')],
      ['missing', (): string => '/nonexistent/helper'],
      ['killed', script.bind(null, 'kill -9 $$')],
      ['flooding', script.bind(null, 'exec cat /dev/zero >&2')],
    ])('a helper that is %s leaves no descriptor and no child either', async (_, helper) => {
      const lines = stack(['mode=exec', `helper=${helper()}`]);
      const results = await pam(using, { postgresql: lines }, [
        ...loginSteps(),
        state,
        ...loginSteps({ count: 20 }).slice(-1),
        state,
      ]);
      expect(results.filter((result) => result.code === 'PAM_SUCCESS')).toEqual([]);
      expect(results.at(-1)).toEqual(results[1]);
      expect(results.at(-1)?.children).toBe(false);
    });

    test.each(['ignore', 'reap'])(
      'an application that lets SIGCHLD %s is told so, and nobody is let in',
      async (disposition) => {
        const helper = script(readAll, 'sleep 0.05');
        const results = await logins(using, ['mode=exec', `helper=${helper}`], {
          before: [step('sigchld', disposition)],
          count: 3,
        });
        const line = `unavailable ERR_HELPER_FAILED the application ignores SIGCHLD or reaps what is not its own: no exit status from ${helper}. HINT: Use mode=daemon.`;
        expect(results).toMatchObject([unavailable(line), unavailable(line), unavailable(line)]);
      },
    );

    test('an application that ignores SIGCHLD gets its hanging helper killed', async () => {
      const helper = script('echo $$ >$0.d', 'exec sleep 600');
      const result = await execLogin(using, helper, { before: [step('sigchld', 'ignore')] }, [
        'timeout=3',
      ]);
      expect(result.messages[0]?.text).toContain('ERR_DEADLINE');
      await waitForEnd(readFileSync(`${helper}.d`, 'utf8').trim());
    });

    test('signals that keep coming do not disturb it', async () => {
      const results = await logins(using, ['mode=exec', `helper=${script(readAll, 'sleep 0.1')}`], {
        before: [step('alarms', 1)],
        count: 3,
      });
      expect(results).toMatchObject([granted, granted, granted]);
    });

    test('without pidfd everything works as well', async () => {
      // Standard error is closed early, because its end of file would give the helper's end away.
      const helper = script(readAll, 'exec 2>&-', 'sleep 0.1');
      const results = await logins(using, ['mode=exec', `helper=${helper}`, 'timeout=60'], {
        before: ['no-pidfd'],
        count: 3,
      });
      expect(results).toMatchObject([granted, granted, granted]);
    });

    test('may have no descriptor left', async () => {
      const helper = script(readAll);
      const result = await execLogin(using, helper, { before: ['no-descriptors'] });
      const line = `unavailable ERR_HELPER_FAILED cannot run ${helper}: Too many open files`;
      expect(result.messages).toEqual(unavailable(line).messages);
      expect(result.log[0]).toEqual(unavailable(line).log[0]);
      // libpam has none for its audit record either, and may make that the result.
      expect(result.code).toMatch(/^PAM_(AUTHINFO_UNAVAIL|SYSTEM_ERR)$/);
    });

    test('20 threads log in at once, each with its own handle', async () => {
      const lines = stack(['mode=exec', `helper=${script(readAll)}`, 'timeout=60']);
      const results = await pam(using, { postgresql: lines }, [
        ...loginSteps(),
        step('threads', 20, 3, 'postgresql', 'foo'),
        state,
      ]);
      expect(results[1]).toMatchObject({ granted: 60, log: [] });
      expect(results[2]?.children).toBe(false);
    });
  });
});

/** SIGKILL has been sent when the module returns; its effect on processes that are not its own may take a moment. */
async function waitForEnd(pid: string): Promise<void> {
  const ended = (): void => assert.equal(isAlive(pid), false, `process ${pid} is still running`);
  await vi.waitFor(ended, { timeout: 30_000 });
}

/** Whether a process runs; one that only waits to be reaped does not. */
function isAlive(pid: string): boolean {
  try {
    return !/^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Text of that size without a period shorter than a buffer: a piece that is lost or sent twice changes it. */
function randomText(size: number): string {
  let text = '';
  for (let i = 0; text.length < size; i += 1) text += sha256(Buffer.from(String(i)));
  return text.slice(0, size);
}
