// The small parts that read the host: ELF headers, the time in an answer.
import type { IncomingHttpHeaders } from 'node:http';

import { describe, expect, it } from 'vitest';

import { checkDaemon } from '../../src/doctor/daemon/check-daemon.ts';
import { parseELF } from '../../src/doctor/pam/parse-elf.ts';
import { createFetchKeys } from '../../src/doctor/issuers/fetch-keys.ts';
import { entry, loadIssuers } from './load-issuers.ts';

const header = (bits: number, order: number, type: number, machine: number): Buffer => {
  const bytes = Buffer.alloc(64);
  bytes.write('\x7fELF', 'latin1');
  bytes[4] = bits;
  bytes[5] = order;
  const write = (value: number, at: number): number =>
    order === 1 ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  write(type, 16);
  write(machine, 18);
  return bytes;
};

describe('a daemon that does not answer', () => {
  it.each([
    ['ECONNREFUSED', 'nobody listens'],
    ['ECONNRESET', 'it closes the connection without an answer'],
    ['EMFILE', 'EMFILE'],
  ])('%s is told as: %s', async (reason, message) => {
    const host = { askDaemon: async () => ({ kind: 'failed', reason }) as const };
    expect(await checkDaemon('/run/s', 'x', host)).toMatchObject({
      fault: 'daemon-down',
      message,
      hint: 'Start it (systemctl restart pgtoken), and see its log: journalctl -u pgtoken.',
    });
  });
});

describe('an ELF header', () => {
  it.each([
    [[2, 1, 3, 62], { bits: 64, architecture: 'x64', isSharedObject: true }],
    [[2, 1, 3, 183], { bits: 64, architecture: 'arm64', isSharedObject: true }],
    [[1, 1, 3, 3], { bits: 32, architecture: 'machine 3', isSharedObject: true }],
    [[2, 2, 2, 22], { bits: 64, architecture: 'machine 22', isSharedObject: false }],
  ] as const)('%j', ([bits, order, type, machine], expected) => {
    expect(parseELF(header(bits, order, type, machine))).toEqual(expected);
  });

  it('is in no text, and in none that is cut', () => {
    expect(parseELF(Buffer.from('#!/bin/sh\n'.repeat(9)))).toBeUndefined();
    expect(parseELF(header(2, 1, 3, 62).subarray(0, 63))).toBeUndefined();
  });
});

describe('the time of an issuer', () => {
  it('is that of its own answer, and a cache in between adds its age', async () => {
    const { issuers } = await loadIssuers([
      entry({ keys: { jwksURI: 'https://127.0.0.1:9/keys' } }),
    ]);
    const [issuer] = issuers;
    const source = issuer?.keySource;
    if (issuer === undefined || source?.kind !== 'remote') throw new Error('no remote keys');
    const now = Date.UTC(2026, 0, 1, 12) / 1000;
    const told: readonly (readonly [path: string, headers: IncomingHttpHeaders])[] = [
      ['other', { date: 'Thu, 01 Jan 2026 18:00:00 GMT' }],
      ['keys', { date: 'Thu, 01 Jan 2026 11:59:00 GMT', age: '30' }],
      ['keys', {}],
      ['keys', { date: 'yesterday' }],
      ['keys', { date: 'Thu, 01 Jan 2026 18:00:00 GMT', age: 'old' }],
    ];
    const retrieve = createFetchKeys(
      () => now,
      async (_location, { onAnswer }) => {
        for (const [path, headers] of told) onAnswer?.(`https://127.0.0.1:9/${path}`, headers);
        return { kind: 'failed', reason: 'on purpose' };
      },
    );
    expect(await retrieve(issuer, source)).toMatchObject({
      result: { kind: 'failed' },
      clockOffset: -29.5,
    });
  });
});
