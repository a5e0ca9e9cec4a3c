// `pgtoken status`: what is said of a daemon, and with which exit status.
import { describe, expect, it } from 'vitest';

import { formatStatus, isWell } from '../../../src/cli/status/format-status.ts';
import type { DaemonStatus } from '../../../src/protocol/control.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';

const NOW = 1_767_225_600;
const decisions = (outcome: string, issuer: string, value: number, code = '') => ({
  name: 'pgtoken_decisions_total',
  labels: { outcome, code, issuer, via: 'pam' },
  value,
});
const WELL: DaemonStatus = {
  version: '0.2.0',
  started: NOW - 3 * 86_400,
  config: '/etc/pgtoken/issuers.yaml',
  inForce: '4f1c0d9e8a7b6c5d4e3f',
  problems: [],
  samples: [
    { name: 'pgtoken_keys', labels: { issuer: 'cluster' }, value: 2 },
    { name: 'pgtoken_keys', labels: { issuer: 'people' }, value: 3 },
    { name: 'pgtoken_key_age_seconds', labels: { issuer: 'cluster' }, value: 240 },
    decisions('granted', 'cluster', 1204),
    decisions('denied', 'cluster', 20, 'ERR_TOKEN_EXPIRED'),
    decisions('denied', 'cluster', 10, 'ERR_ROLE_NOT_ALLOWED'),
    decisions('denied', '', 1, 'ERR_ISSUER_UNKNOWN'),
    decisions('unavailable', 'people', 2, 'ERR_KEYS_UNAVAILABLE'),
    { name: 'pgtoken_sessions', labels: { issuer: 'cluster' }, value: 12 },
    { name: 'pgtoken_server_up', labels: { server: 'main' }, value: 1 },
    { name: 'pgtoken_log_lines_lost_total', labels: {}, value: 0 },
  ],
};
const withSample = (name: string, value: number): DaemonStatus => ({
  ...WELL,
  samples: [...WELL.samples, { name, labels: { issuer: 'x', server: 'x' }, value }],
});

describe('the screen', () => {
  it('has all of it in 80 columns', () => {
    const text = formatStatus(WELL, NOW);
    expect(text).toBe(
      [
        'daemon         pgtoken 0.2.0, for 3 d',
        'configuration  /etc/pgtoken/issuers.yaml',
        '               in force: 2 entries, SHA-256 4f1c0d9e8a7b6c5d',
        'logins         1204 granted, 31 denied, 2 unavailable',
        '',
        'ENTRY    KEYS  RETRIEVED  GRANTED  DENIED  UNAVAILABLE  SESSIONS',
        'cluster  2     4 min ago  1204     30      0            12',
        'people   3     never      0        0       2            -',
        '',
        'SERVER  STATE',
        'main    answers',
        '',
      ].join('\n'),
    );
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('says what is wrong', () => {
    const { samples } = WELL;
    const text = formatStatus(
      {
        ...WELL,
        problems: ['issuers.yaml:3: \u001b[2Jx'],
        samples: samples.map((one) =>
          one.name === 'pgtoken_server_up' || one.name === 'pgtoken_log_lines_lost_total'
            ? { ...one, value: one.name === 'pgtoken_server_up' ? 0 : 7 }
            : one,
        ),
      },
      NOW,
    );
    expect(text).toContain('NOT in force, an older one is: 2 entries');
    expect(text).toContain('               issuers.yaml:3: ?[2Jx\n');
    expect(text).toContain('log            7 lines lost\n');
    expect(text).toContain('main    does NOT answer\n');
  });

  it('says that nobody can log in, and has no tables then', () => {
    const { inForce: _inForce, ...none } = WELL;
    expect(formatStatus({ ...none, problems: ['it is empty'], samples: [] }, NOW)).toBe(
      [
        'daemon         pgtoken 0.2.0, for 3 d',
        'configuration  /etc/pgtoken/issuers.yaml',
        '               none is in force: nobody can log in',
        '               it is empty',
        'logins         0 granted, 0 denied, 0 unavailable',
        '',
      ].join('\n'),
    );
  });
});

describe('a daemon', () => {
  it('is well where all of it is', () => {
    expect(isWell(WELL)).toBe(true);
  });

  const { inForce: _inForce, ...none } = WELL;
  it.each([
    ['without a configuration', none],
    ['with a problem', { ...WELL, problems: ['x'] }],
    ['with an entry without keys', withSample('pgtoken_keys', 0)],
    ['with a server that does not answer', withSample('pgtoken_server_up', 0)],
  ])('is not %s', (_what, status) => {
    expect(isWell(status)).toBe(false);
  });

  it('that cannot be asked is told of, with status 2', async () => {
    const { status, stdout, stderr } = await runPgtoken([
      'status',
      '--control',
      '/nowhere/control.sock',
    ]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      'pgtoken: the daemon cannot be asked at /nowhere/control.sock: no such socket\nHINT: Check that it runs (systemctl status pgtoken). One that runs elsewhere has control.sock in its RUNTIME_DIRECTORY; name that with --control.\n',
    );
  });
});
