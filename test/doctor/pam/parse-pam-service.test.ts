// Service files of PAM, line by line.
import { describe, expect, it } from 'vitest';

import { parsePAMService, type PAMService } from '../../../src/doctor/pam/parse-pam-service.ts';

const FILES = new Map([
  ['common-auth', 'auth sufficient pam_unix.so nullok\naccount required pam_unix.so\n'],
  ['loop', '@include loop\n'],
]);

const parse = (text: string): PAMService =>
  parsePAMService({ path: '/etc/pam.d/x', text }, (name) => {
    const found = FILES.get(name);
    return found === undefined ? undefined : { path: `/etc/pam.d/${name}`, text: found };
  });

/** Lines in short: type, control, module, arguments, and where it stands. */
const short = (text: string): readonly string[] =>
  parse(text).lines.map(({ file, line, type, control, module, args, level }) =>
    [`${file.slice(11)}:${line}`, level, type, control, module, ...args].join(' '),
  );

describe('a service file', () => {
  it.each<readonly [text: string, ...lines: string[]]>([
    ['auth required pam_x.so', 'x:1 0 auth required pam_x.so'],
    ['\n\n  AUTH\tRequired\tpam_x.so  a  b ', 'x:3 0 auth Required pam_x.so a b'],
    ['# auth required pam_x.so\nauth required pam_y.so # z', 'x:2 0 auth required pam_y.so'],
    ['-auth required pam_x.so', 'x:1 0 auth required pam_x.so'],
    ['auth [success=1 default=ignore] pam_x.so', 'x:1 0 auth [success=1 default=ignore] pam_x.so'],
    ['auth required \\\n pam_x.so \\\n a', 'x:1 0 auth required pam_x.so a'],
    ['session required pam_x.so\npassword required pam_y.so'],
    [
      'auth include common-auth\nauth required pam_x.so',
      'common-auth:1 0 auth sufficient pam_unix.so nullok',
      'x:2 0 auth required pam_x.so',
    ],
    [
      'auth substack common-auth',
      'x:1 0 auth substack ',
      'common-auth:1 1 auth sufficient pam_unix.so nullok',
    ],
    [
      '@include common-auth',
      'common-auth:1 0 auth sufficient pam_unix.so nullok',
      'common-auth:2 0 account required pam_unix.so',
    ],
  ])('%j', (text, ...lines) => {
    expect(parse(text).problems).toEqual([]);
    expect(short(text)).toEqual(lines);
  });

  it('has arguments in brackets, which are none of them, and brackets inside', () => {
    const [line] = parse('auth required pam_x.so [a b=c\\]d] e').lines;
    expect(line?.args).toEqual(['a b=c]d', 'e']);
  });

  it('does not go on behind a comment', () => {
    const { lines } = parse('auth required pam_x.so # \\\nauth required pam_y.so');
    expect(lines.map(({ module }) => module)).toEqual(['pam_x.so', 'pam_y.so']);
  });

  it.each([
    ['auht required pam_x.so', '"auht" is no type; expected auth, account, password or session'],
    ['auth required', 'the line ends early; expected a type, a control and a module'],
    ['auth', 'the line ends early; expected a type, a control and a module'],
    ['auth include nowhere', 'includes nowhere, which is not there'],
    ['@include nowhere', 'includes nowhere, which is not there'],
  ])('%j is a problem', (text, reason) => {
    expect(parse(text).problems).toEqual([{ file: '/etc/pam.d/x', line: 1, reason }]);
  });

  it('that includes itself is a problem, and comes to an end', () => {
    expect(parse('@include loop').problems).toEqual([
      { file: '/etc/pam.d/loop', line: 1, reason: 'includes loop, deeper than 16 files' },
    ]);
  });
});
