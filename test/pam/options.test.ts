// The module's options: an assertion table. Whatever is not right there refuses everybody, and says why.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  acct,
  auth,
  build,
  fakeDaemon,
  login,
  pam,
  refusal,
  replying,
  sanitized,
  shipped,
  stack,
  start,
  token,
  granted,
} from './support.ts';

beforeAll(build);

const list = 'mode=, socket=, helper=, config=, timeout= or debug';
const modes = 'daemon or exec';
const seconds = 'a whole number of seconds from 1 to 60';
const path = 'an absolute path';
const socketPath = 'an absolute path of at most 107 bytes';
const long = `/${'s'.repeat(107)}`;

// Each row: the options, the one that is named, what is expected of it, what was seen.
const wrong: [string[], string, string, string][] = [
  [['bogus'], 'name', list, 'bogus'],
  [['bogus=1'], 'name', list, 'bogus=1'],
  [['=1'], 'name', list, '=1'],
  [['Mode=exec'], 'name', list, 'Mode=exec'],
  [['mod=exec'], 'name', list, 'mod=exec'],
  [['modes=exec'], 'name', list, 'modes=exec'],
  [['use_first_pass'], 'name', list, 'use_first_pass'],
  [['debug', 'bogus', 'timeout=5'], 'name', list, 'bogus'],
  [['mode'], 'mode', modes, 'mode'],
  [['mode='], 'mode', modes, ''],
  [['mode=Daemon'], 'mode', modes, 'Daemon'],
  [['mode=execute'], 'mode', modes, 'execute'],
  [['mode=exec '], 'mode', modes, 'exec '],
  [['timeout'], 'timeout', seconds, 'timeout'],
  [['timeout='], 'timeout', seconds, ''],
  [['timeout=0'], 'timeout', seconds, '0'],
  [['timeout=00'], 'timeout', seconds, '00'],
  [['timeout=05'], 'timeout', seconds, '05'],
  [['timeout=61'], 'timeout', seconds, '61'],
  [['timeout=100'], 'timeout', seconds, '100'],
  [['timeout=4294967297'], 'timeout', seconds, '4294967297'],
  [['timeout=-1'], 'timeout', seconds, '-1'],
  [['timeout=+1'], 'timeout', seconds, '+1'],
  [['timeout= 1'], 'timeout', seconds, ' 1'],
  [['timeout=1s'], 'timeout', seconds, '1s'],
  [['timeout=1.'], 'timeout', seconds, '1.'],
  [['timeout=0x5'], 'timeout', seconds, '0x5'],
  [['socket'], 'socket', socketPath, 'socket'],
  [['socket='], 'socket', socketPath, ''],
  [['socket=run/d.sock'], 'socket', socketPath, 'run/d.sock'],
  [['socket=@abstract'], 'socket', socketPath, '@abstract'],
  [[`socket=${long}`], 'socket', socketPath, long],
  [['mode=exec', 'helper'], 'helper', path, 'helper'],
  [['mode=exec', 'helper='], 'helper', path, ''],
  [['mode=exec', 'helper=pgtoken'], 'helper', path, 'pgtoken'],
  [['mode=exec', 'config='], 'config', path, ''],
  [['mode=exec', 'config=./issuers.yaml'], 'config', path, './issuers.yaml'],
  [['debug='], 'debug', 'no value', 'debug='],
  [['debug=1'], 'debug', 'no value', 'debug=1'],
  [['mode=exec', 'mode=exec'], 'mode', 'it to be given once', 'mode=exec'],
  [['timeout=5', 'timeout=6'], 'timeout', 'it to be given once', 'timeout=6'],
  [['debug', 'debug'], 'debug', 'it to be given once', 'debug'],
  [['socket=/a', 'socket=/a'], 'socket', 'it to be given once', 'socket=/a'],
  [['mode=exec', 'socket=/a'], 'socket', 'mode=daemon beside it', 'mode=exec'],
  [['socket=/a', 'mode=exec'], 'socket', 'mode=daemon beside it', 'mode=exec'],
  [['helper=/a'], 'helper', 'mode=exec beside it', 'mode=daemon'],
  [['config=/a'], 'config', 'mode=exec beside it', 'mode=daemon'],
  [['helper=/a', 'mode=daemon'], 'helper', 'mode=exec beside it', 'mode=daemon'],
  [['mode=daemon', 'config=/a'], 'config', 'mode=exec beside it', 'mode=daemon'],
];

describe.concurrent.each([shipped, sanitized])('$name', (using) => {
  test.each(wrong)(
    'the options %j are refused by name, with what was expected',
    async (options, name, expected, seen) => {
      const results = await pam(using, { postgresql: stack(options) }, [
        start('postgresql', 'foo'),
        token('granted'),
        auth(),
        acct(),
      ]);
      const line = `unavailable ERR_CONFIG_INVALID module option ${name}: expected ${expected}, got "${seen}"`;
      const refused = refusal('PAM_SERVICE_ERR', line);
      expect(results).toMatchObject([refused, refused]);
    },
  );

  test('an option with control characters or broken UTF-8 is printed with question marks', async () => {
    const lines = stack([]).map((line) => `${line} bo\u0007g\u0085us`);
    const [result] = await pam(using, { postgresql: lines }, [start('postgresql', 'foo'), auth()]);
    const line = `unavailable ERR_CONFIG_INVALID module option name: expected ${list}, got "bo?g??us"`;
    expect(result).toMatchObject(refusal('PAM_SERVICE_ERR', line));
  });

  test('wrong options are found before the client is asked for its token', async () => {
    const [result] = await pam(using, { postgresql: stack(['bogus']) }, [
      start('postgresql', 'foo'),
      'no-token',
      auth(),
    ]);
    expect(result?.code).toBe('PAM_SERVICE_ERR');
  });

  test.each([
    [[]],
    [['debug']],
    [['timeout=1']],
    [['timeout=9']],
    [['timeout=60']],
    [['mode=daemon', 'timeout=10', 'debug']],
  ])('the options %j are accepted beside socket=', async (options) => {
    const daemon = await fakeDaemon(replying('granted\0'));
    const result = await login(using, [`socket=${daemon.path}`, ...options]);
    expect(result).toMatchObject({ code: 'PAM_SUCCESS', messages: [] });
  });

  test('a socket path of 107 bytes is accepted', async () => {
    const path107 = `/${'s'.repeat(106)}`;
    const result = await login(using, [`socket=${path107}`]);
    expect(result.messages[0]?.text).toBe(
      `pgtoken: unavailable ERR_DAEMON_UNREACHABLE no daemon at ${path107}: No such file or directory. HINT: Start pgtoken.socket, or set mode=exec.`,
    );
  });

  test('without options the daemon is asked at its standard place', async () => {
    const result = await login(using, []);
    expect(result.code).not.toBe(granted.code);
    expect(result.messages[0]?.text).toContain('/run/pgtoken/pgtoken.sock');
  });
});
