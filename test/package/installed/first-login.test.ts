// docs/start/first-login.md, from nothing to a login, on each release: what is on the page and what its commands print is enough.
import { describe, expect, inject, it } from 'vitest';

import { logInFirst, MOST_COMMANDS, MOST_TIME, timeOf } from '../first-login/log-in-first.ts';
import { RELEASES } from '../machine/root-folder.ts';

describe.each(RELEASES)('on $suite', ({ suite }) => {
  it('the first login takes ten commands at most', async () => {
    const typed = await logInFirst(suite, inject('packages').current);
    expect(typed.map(({ command }) => command.split(' ')[0])).toEqual([
      'apt',
      'pgtoken',
      'runuser',
      'sed',
      'runuser',
      'PGPASSWORD="$(cat',
      'pgtoken',
    ]);
    expect(typed.length).toBeLessThanOrEqual(MOST_COMMANDS);
    expect(timeOf(typed)).toBeLessThan(MOST_TIME);
    expect(typed[5]?.stdout).toBe('foo:myservice TLSv1.3\n');
    expect(typed[6]?.stdout).toMatch(/\n0 failures, \d+ warnings?/);
  });
});
