// Which line of pg_hba.conf takes the connections of which other.
import { describe, expect, it } from 'vitest';

import { findTaken, isLoopback } from '../../../src/doctor/hba/hba-coverage.ts';
import { parseHBA } from '../../../src/doctor/hba/parse-hba.ts';

const PAM = 'pam pamservice=x';

/** What the lines above take of the last one: by the way in, the lines. */
function taken(...lines: readonly string[]): Record<string, readonly number[]> {
  const { rules, problems } = parseHBA('f', lines.join('\n'), {
    read: () => undefined,
    list: () => [],
  });
  expect(problems).toEqual([]);
  return Object.fromEntries(
    findTaken(rules.at(-1)!, rules.slice(0, -1)).map(({ transport, by }) => [
      transport,
      by.map(({ line }) => line),
    ]),
  );
}

describe('the last line is left', () => {
  it.each<readonly string[]>([
    ['hostssl all all 10.0.0.0/8 reject', `hostssl all all 0.0.0.0/0 ${PAM}`],
    ['hostssl all all ::/0 reject', `hostssl all all 10.0.0.0/8 ${PAM}`],
    ['hostnossl all all all reject', `hostssl all all all ${PAM}`],
    ['hostgssenc all all all gss', `hostssl all all all ${PAM}`],
    ['local all all peer', `hostssl all all all ${PAM}`],
    ['hostssl app all all reject', `hostssl all all all ${PAM}`],
    ['hostssl app all all reject', `hostssl app,other all all ${PAM}`],
    ['hostssl all alice all reject', `hostssl all all all ${PAM}`],
    ['hostssl all "all" all reject', `hostssl all all all ${PAM}`],
    ['hostssl "all" all all reject', `hostssl all all all ${PAM}`],
    ['hostssl all all all reject', `hostssl replication all all ${PAM}`],
    ['hostssl all +dba all reject', `hostssl all alice all ${PAM}`],
    ['hostssl all all samehost reject', `hostssl all all samenet ${PAM}`],
    ['hostssl all all 0.0.0.0/0 reject', `hostssl all all db.example.com ${PAM}`],
    ['hostssl all all 0.0.0.0/0 reject', `hostssl all all all ${PAM}`],
  ])('%s | %s', (...lines) => {
    expect(taken(...lines)).toEqual({ tls: [] });
  });
});

describe('the last line is taken', () => {
  it.each<readonly [by: readonly number[], lines: readonly string[]]>([
    [[1], ['host all all 0.0.0.0/0 reject', `hostssl all all 10.0.0.0/8 ${PAM}`]],
    [[1], ['hostnogssenc all all all reject', `hostssl all all 10.0.0.0/8 ${PAM}`]],
    [[1], ['hostssl all all all reject', `hostssl app alice samenet ${PAM}`]],
    [[1], ['hostssl all,app alice,bob all reject', `hostssl app bob all ${PAM}`]],
    [[1], ['hostssl all all all reject', `hostssl "replication" all all ${PAM}`]],
    [[1], ['hostssl replication all all reject', `hostssl replication bob all ${PAM}`]],
    [[1], ['hostssl all +dba all reject', `hostssl all +dba all ${PAM}`]],
    [[1], ['hostssl all all samenet reject', `hostssl all all samenet ${PAM}`]],
    [
      [1, 2],
      [
        'hostssl all all 0.0.0.0/0 reject',
        'host all all ::/0 reject',
        `hostssl all all all ${PAM}`,
      ],
    ],
    [
      [1, 2],
      [
        'hostssl all all 0.0.0.0/0 reject',
        'host all all ::/0 reject',
        `hostssl all all db.example.com ${PAM}`,
      ],
    ],
    [[1], ['hostssl all all 10.1.0.0 255.255.0.0 reject', `hostssl all all 10.1.2.3/32 ${PAM}`]],
    [[1], ['hostssl all all fd00::/8 reject', `hostssl all all fd12:3456::/32 ${PAM}`]],
  ])('by %j: %j', (by, lines) => {
    expect(taken(...lines)).toEqual({ tls: by });
  });

  it('by the way in, where it has two', () => {
    expect(taken('hostssl all all all reject', `host all all all ${PAM}`)).toEqual({
      tls: [1],
      plain: [],
    });
    expect(taken('hostnossl all all all reject', `host all all all ${PAM}`)).toEqual({
      tls: [],
      plain: [1],
    });
  });
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1/32', true],
    ['127.0.0.0/8', true],
    ['::1/128', true],
    ['samehost', true],
    ['0.0.0.0/0', false],
    ['::/0', false],
    ['126.0.0.0/7', false],
    ['samenet', false],
    ['localhost', false],
    ['all', false],
  ])('%s: %s', (address, expected) => {
    const { rules } = parseHBA('f', `host all all ${address} ${PAM}`, {
      read: () => undefined,
      list: () => [],
    });
    expect(rules.map(isLoopback)).toEqual([expected]);
  });
});
