// Where a server listens, and whether that fits the lines that use pgtoken.
import { describe, expect, it } from 'vitest';

import { checkListening } from '../../../src/doctor/server/check-listening.ts';
import { LOCAL, LOOPBACK, REMOTE, rules, settings } from './server-settings.ts';

describe('where the server listens', () => {
  it.each<readonly [addresses: string, told: number]>([
    ['localhost', 1],
    ['127.0.0.1', 1],
    ['localhost, ::1, 127.0.1.1', 1],
    ['', 1],
    ['*', 0],
    ['localhost,10.0.0.1', 0],
    ['::', 0],
    ['0.0.0.0', 0],
    ['127.example.com', 0],
  ])('%j', (listenAddresses, told) => {
    expect(checkListening('x', settings({ listenAddresses }), rules(REMOTE))).toHaveLength(told);
  });

  it.each([[LOOPBACK], [LOCAL], [LOCAL, LOOPBACK, 'host all all samehost pam']])(
    'does not matter for %j %j %j',
    (...lines) => {
      const own = rules(...lines.filter((line) => line !== undefined));
      expect(checkListening('x', settings({ listenAddresses: 'localhost' }), own)).toEqual([]);
    },
  );
});
