// Clients that a line is for only as it reads: those at some of its addresses, which another line above it takes.
import { describe, expect, it } from 'vitest';

import { checkLines } from './check-lines.ts';
import { DEBIAN_LINES } from './debian-lines.ts';

const PAM = 'pam pamservice=x';

const DEBIAN = ['local all postgres peer', ...DEBIAN_LINES];

describe('a line for some of its addresses', () => {
  it("is a note where they are this host's own, as with Debian's lines", () => {
    expect(checkLines(...DEBIAN, `hostssl all all 0.0.0.0/0 ${PAM}`)).toEqual([
      {
        topic: 'hba',
        level: 'note',
        fault: 'hba-exception',
        subject: '/hba:8',
        message:
          'not used by clients at 127.0.0.1/32: line 3 (host, scram-sha-256) above it takes those connections',
        hint: `If they are to log in with tokens too, write above line 3:\n  hostssl all all 127.0.0.1/32 ${PAM}`,
      },
      expect.objectContaining({ level: 'note', fault: 'hba-ipv6' }),
    ]);
  });

  it('names all that take some', () => {
    expect(checkLines(...DEBIAN, `host all all all ${PAM}`)).toMatchObject([
      {
        fault: 'hba-exception',
        message:
          'not used by clients at 127.0.0.1/32, ::1/128: line 3 (host, scram-sha-256) and line 4 (host, scram-sha-256) above it take those connections',
        hint: `If they are to log in with tokens too, write above line 3:\n  hostssl all all 127.0.0.1/32 ${PAM}\n  hostssl all all ::1/128 ${PAM}`,
      },
      { fault: 'hba-cleartext' },
    ]);
  });

  it.each<readonly [taker: string, fault: string | undefined]>([
    ['host all all 10.1.0.0/16 md5', 'hba-partly-shadowed'],
    ['host all all 10.1.0.0 255.255.0.0 md5', 'hba-partly-shadowed'],
    ['hostssl all all 10.1.0.0/16 cert', 'hba-partly-shadowed'],
    ['host all all 10.1.2.3/32 md5', 'hba-exception'],
    ['host all all 10.1.2.3 255.255.255.255 md5', 'hba-exception'],
    // Meant so.
    ['host all all 10.1.0.0/16 reject', undefined],
    ['hostssl all all 10.1.0.0/16 pam pamservice=x', undefined],
    // Others, or not all of them.
    ['host all monitoring 10.1.0.0/16 md5', undefined],
    ['host app all 10.1.0.0/16 md5', undefined],
    ['hostnossl all all 10.1.0.0/16 md5', undefined],
    ['host all all 11.1.0.0/16 md5', undefined],
    ['host all all ::/0 md5', undefined],
    ['host all all somewhere.example.com md5', undefined],
    ['local all all md5', undefined],
  ])('below %s: %s', (taker, fault) => {
    const found = checkLines(taker, `hostssl all all 10.0.0.0/8 ${PAM}`);
    expect(found.map((one) => one.fault)).toEqual(fault === undefined ? [] : [fault]);
  });

  it.each<readonly [taker: string, fault: string | undefined]>([
    ['host all all samehost md5', 'hba-exception'],
    ['host all all db.example.com md5', 'hba-exception'],
    ['host all all samenet md5', 'hba-partly-shadowed'],
    ['host all all .example.com md5', 'hba-partly-shadowed'],
    ['host all all 0.0.0.0/0 md5', 'hba-partly-shadowed'],
  ])('for all addresses, below %s: %s', (taker, fault) => {
    const found = checkLines(taker, `hostssl all all all ${PAM}`);
    expect(found.map((one) => one.fault)).toEqual([fault]);
  });

  it('is none where a line of its own is above those', () => {
    const [found, ...more] = checkLines(
      `hostssl all all 127.0.0.1/32 ${PAM}`,
      ...DEBIAN,
      `hostssl all all all ${PAM}`,
    );
    expect(found?.message).toMatch(/^not used by clients at ::1\/128: line 5 /);
    expect(more).toEqual([]);
  });

  it('is no matter of connections without TLS, where it is for both', () => {
    expect(
      checkLines('hostnossl all all 10.1.0.0/16 md5', `host all all 10.0.0.0/8 ${PAM}`),
    ).toMatchObject([{ fault: 'hba-cleartext' }]);
  });

  it('is not told twice where all encrypted connections are taken', () => {
    const found = checkLines(
      'host all all 10.1.0.0/16 md5',
      'hostssl all all all md5',
      'hostnossl all all all reject',
      `host all all 10.0.0.0/8 ${PAM}`,
    );
    expect(found.map((one) => one.fault)).toEqual(['hba-shadowed']);
  });
});
