// What is told of a daemon that gives no answer.
import { describe, expect, it } from 'vitest';

import { checkDaemon } from '../../../src/doctor/daemon/check-daemon.ts';

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
