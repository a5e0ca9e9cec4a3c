// A line for all of IPv4, and none for IPv6.
import { describe, expect, it } from 'vitest';

import { checkIPv6 } from '../../../src/doctor/hba/check-ipv6.ts';
import { parseHBA } from '../../../src/doctor/hba/parse-hba.ts';
import { findFault } from './check-lines.ts';

const OPEN = 'hostssl all all 0.0.0.0/0 pam pamservice=x';

describe('IPv6', () => {
  it('is not covered by a line for all of IPv4', () => {
    expect(findFault('hba-ipv6', 'hostssl all all 10.0.0.0/8 pam pamservice=x', OPEN)).toEqual([
      {
        topic: 'hba',
        level: 'note',
        fault: 'hba-ipv6',
        subject: '/hba:2',
        message:
          'is for all of IPv4, and no line of this service for IPv6: a client that comes by IPv6 is refused, or goes by another line',
        hint: 'If there are such clients, write beside it:\n  hostssl all all ::/0 pam pamservice=x',
      },
    ]);
  });

  it('gets a line for encrypted connections, whatever the line for IPv4 is', () => {
    const open = 'host all all 0.0.0.0/0 pam pamservice=x';
    expect(findFault('hba-ipv6', open)).toMatchObject([
      {
        hint: 'If there are such clients, write beside it:\n  hostssl all all ::/0 pam pamservice=x',
      },
    ]);
  });

  it.each<readonly [...lines: readonly string[]]>([
    ['hostssl all all 10.0.0.0/8 pam pamservice=x'],
    ['hostssl all all all pam pamservice=x'],
    [OPEN, 'hostssl all all ::/0 pam pamservice=x'],
    [OPEN, 'hostssl all all fd00::/8 pam pamservice=x'],
    [OPEN, 'hostssl all all .example.com pam pamservice=x'],
    ['hostssl all all 0.0.0.0/0 scram-sha-256'],
  ])('is, or nobody is let in from everywhere: %j', (...lines) => {
    expect(findFault('hba-ipv6', ...lines)).toEqual([]);
  });

  it.each<readonly [addresses: string | undefined, told: number]>([
    [undefined, 1],
    ['*', 1],
    ['0.0.0.0, ::', 1],
    ['10.0.0.1,db.example.com', 1],
    ['fd00::1', 1],
    ['0.0.0.0', 0],
    ['10.0.0.1, 127.0.0.1', 0],
    ['localhost', 0],
    ['localhost,::1', 0],
    ['', 0],
  ])('does not matter where no client comes by it: listen_addresses %j', (addresses, told) => {
    const { rules } = parseHBA('/hba', OPEN, { read: () => undefined, list: () => [] });
    expect(checkIPv6(rules, addresses)).toHaveLength(told);
  });
});
