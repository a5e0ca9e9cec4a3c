// The options of the module as the doctor reads them, held against the module itself.
import { beforeAll, describe, expect, it } from 'vitest';

import { DEFAULT_OPTIONS, parseModuleOptions } from '../../../src/doctor/pam/module-options.ts';
import { build, login, shipped } from '../../pam/support.ts';

beforeAll(build);

const long = (bytes: number): string => `/${'s'.repeat(bytes - 1)}`;

const OPTIONS: readonly (readonly string[])[] = [
  [],
  ['debug'],
  ['mode=daemon'],
  ['mode=exec'],
  ['timeout=1'],
  ['timeout=9'],
  ['timeout=10'],
  ['timeout=59'],
  ['timeout=60'],
  ['socket=/run/x'],
  [`socket=${long(107)}`],
  ['mode=exec', 'helper=/bin/false', 'config=/etc/x', 'timeout=2', 'debug'],
  ['config=/etc/x', 'mode=exec'],

  ['bogus'],
  ['bogus=1'],
  ['=1'],
  ['Mode=exec'],
  ['mode'],
  ['mode='],
  ['mode=Daemon'],
  ['mode=exec '],
  ['timeout'],
  ['timeout='],
  ['timeout=0'],
  ['timeout=05'],
  ['timeout=61'],
  ['timeout=100'],
  ['timeout=-1'],
  ['timeout= 1'],
  ['timeout=1s'],
  ['socket'],
  ['socket='],
  ['socket=run/d.sock'],
  [`socket=${long(108)}`],
  [`socket=/${'é'.repeat(54)}`],
  ['mode=exec', 'helper=pgtoken'],
  ['mode=exec', 'config=./issuers.yaml'],
  ['debug='],
  ['debug=1'],
  ['mode=exec', 'mode=exec'],
  ['timeout=5', 'timeout=6'],
  ['debug', 'debug'],
  ['mode=exec', 'socket=/a'],
  ['helper=/a'],
  ['config=/a', 'mode=daemon'],
];

describe('the module', () => {
  it.concurrent.each(OPTIONS.map((options) => [options] as const))(
    'and the doctor are of one mind about %j',
    async (options) => {
      const { code } = await login(shipped, [...options]);
      expect(typeof parseModuleOptions(options) !== 'string').toBe(code !== 'PAM_SERVICE_ERR');
    },
  );

  it('has these defaults', async () => {
    expect(parseModuleOptions([])).toEqual(DEFAULT_OPTIONS);
    const { messages } = await login(shipped, []);
    expect(messages[0]?.text).toContain(`no daemon at ${DEFAULT_OPTIONS.socket}:`);
  });
});

describe('an option is named, with what was expected', () => {
  it.each([
    [
      ['bogus'],
      'option bogus is unknown; expected mode=, socket=, helper=, config=, timeout= or debug',
    ],
    [['timeout=0'], 'option timeout=0: expected a whole number of seconds from 1 to 60'],
    [['debug=1'], 'option debug=1: expected no value'],
    [['socket=x'], 'option socket=x: expected an absolute path of at most 107 bytes'],
    [['mode=exec', 'mode=exec'], 'option mode is given twice; expected it once'],
    [
      ['mode=exec', 'socket=/a'],
      'option socket= has no effect in mode=exec; expected mode=daemon beside it',
    ],
    [['config=/a'], 'option config= has no effect in mode=daemon; expected mode=exec beside it'],
  ])('%j: %s', (options, message) => {
    expect(parseModuleOptions(options)).toBe(message);
  });

  it('as they are used', () => {
    expect(parseModuleOptions(['mode=exec', 'helper=/h', 'config=/c', 'timeout=9'])).toEqual({
      mode: 'exec',
      socket: '/run/pgtoken/pgtoken.sock',
      helper: '/h',
      config: '/c',
      timeout: 9,
    });
  });
});
