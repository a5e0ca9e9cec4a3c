// What is asked over the control socket, and what is not.
import { describe, expect, it } from 'vitest';

import { controlReply, controlRequest } from '../../src/protocol/control.ts';

describe('a question', () => {
  it.each([
    [{ ask: 'status' }],
    [{ ask: 'sessions' }],
    [{ ask: 'end', ids: [] }],
    [{ ask: 'end', ids: [1, 2] }],
  ])('is %j', (question) => {
    expect(controlRequest.parse(question)).toEqual(question);
  });

  it.each([
    [{}],
    [null],
    ['sessions'],
    [{ ask: 'stop' }],
    [{ ask: 'sessions', all: true }],
    [{ ask: 'status', token: 'x' }],
    [{ ask: 'end' }],
    [{ ask: 'end', ids: ['1'] }],
    [{ ask: 'end', ids: [1.5] }],
    [{ ask: 'end', ids: [null] }],
    [{ ask: 'end', ids: 1 }],
    [{ ask: 'end', ids: [1], role: 'app' }],
  ])('is not %j: what is not understood ends nobody', (question) => {
    expect(controlRequest.safeParse(question).success).toBe(false);
  });
});

const SHOWN = {
  id: 1,
  pid: 100,
  role: 'app',
  issuer: 'cluster',
  service: 'postgresql',
  subject: 's',
  since: 1,
  expires: 1e300,
};

describe('an answer', () => {
  it.each([
    [
      {
        sessions: [
          SHOWN,
          { ...SHOWN, server: 'main', pod: 'a/b', address: '::1', ends: 2, cause: 'expired' },
        ],
      },
    ],
    [{ ended: [1] }],
    [{ problem: 'x' }],
  ])('is %j', (answer) => {
    expect(controlReply.parse(answer)).toEqual(answer);
  });

  it('of a newer daemon may say more, which is left out', () => {
    expect(controlReply.parse({ sessions: [{ ...SHOWN, more: 1 }], also: 2 })).toEqual({
      sessions: [SHOWN],
    });
  });

  it.each([[{}], [{ sessions: [{}] }], [{ ended: 1 }], [[]], [null]])('is not %j', (answer) => {
    expect(controlReply.safeParse(answer).success).toBe(false);
  });
});
