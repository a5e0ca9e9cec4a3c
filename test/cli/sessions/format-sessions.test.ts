// Sessions as a table.
import { expect, it } from 'vitest';

import { formatSessions } from '../../../src/cli/sessions/format-sessions.ts';
import type { ShownSession } from '../../../src/protocol/control.ts';

const NOW = 1_767_225_600;
const SHOWN: ShownSession = {
  id: 1,
  server: 'main',
  pid: 100,
  role: 'foo:one',
  issuer: 'cluster',
  service: 'postgresql',
  subject: 'system:serviceaccount:foo:one',
  address: '10.0.0.7',
  since: NOW - 65,
  expires: NOW + 600,
  ends: NOW + 660,
  cause: 'expired',
};

it('says so where there is none', () => {
  expect(formatSessions([], NOW)).toBe('no sessions\n');
});

it('has a line for each, in columns', () => {
  const { address: _address, ends: _ends, cause: _cause, ...local } = SHOWN;
  const text = formatSessions(
    [SHOWN, { ...local, pid: 1, pod: 'foo/web-0', since: NOW - 90_000 }],
    NOW,
  );
  expect(text).toBe(
    [
      'PID  ROLE     ENTRY    SUBJECT OR POD                 ADDRESS   SINCE     ENDS IN',
      '100  foo:one  cluster  system:serviceaccount:foo:one  10.0.0.7  65 s ago  11 min (expired)',
      '1    foo:one  cluster  pod foo/web-0                  local     25 h ago  never',
      '',
    ].join('\n'),
  );
});

it('names servers where there are several, and says who is still logging in', () => {
  const { server: _server, ...unplaced } = SHOWN;
  const lines = formatSessions([SHOWN, { ...SHOWN, server: 'other' }, unplaced], NOW).split('\n');
  expect(lines[0]).toMatch(/^SERVER {2}PID /);
  expect(lines[1]).toMatch(/^main {4}100 .* 11 min \(expired\)$/);
  expect(lines[2]).toMatch(/^other {3}100 /);
  expect(lines[3]).toMatch(/^- {7}100 .* logging in, or over already$/);
});

it('has no time before now', () => {
  expect(formatSessions([{ ...SHOWN, since: NOW + 5, ends: NOW - 9 }], NOW)).toMatch(
    / 0 s ago {2}0 s \(expired\)\n$/,
  );
});

it('obeys nothing of a token, and is no wider for it', () => {
  const text = formatSessions(
    [
      {
        ...SHOWN,
        subject: `\u001b[2J\n\0jörg${'x'.repeat(10_000)}`,
        role: '\u202eroot',
        ends: 1e300,
      },
    ],
    NOW,
  );
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  expect(text.split('\n')).toHaveLength(3);
  expect(text.length).toBeLessThan(600);
  expect(text).toContain('?[2J??j?rgxxx');
});
