// The line of a session that was ended: exactly these members, and nothing else of the token.
import { describe, expect, it } from 'vitest';

import { refuse } from '../../src/errors.ts';
import { endLine, type EndedSession } from '../../src/log/end-line.ts';

const CLAIMS = {
  iss: 'https://issuer.example.com',
  sub: 'system:serviceaccount:foo:myservice',
  aud: ['postgres'],
  exp: 1_790_000_600,
  jti: 'b2c3',
  email: 'alice@example.com',
  'kubernetes.io': {
    namespace: 'foo',
    serviceaccount: { name: 'myservice', uid: 'uid-1' },
    pod: { name: 'myservice-0', uid: 'uid-2' },
  },
};

function session(more: Partial<EndedSession> = {}, claims: unknown = CLAIMS): EndedSession {
  return {
    pid: 100,
    role: 'foo:myservice',
    service: 'postgresql',
    source: '10.0.0.7',
    issuer: 'prod',
    token: JSON.stringify({ algorithm: 'ES256', keyID: 'key-1', type: 'JWT', claims }),
    grantedAt: 1_790_000_000.25,
    expiresAt: 1_790_000_600,
    place: { server: 'main' },
    ...more,
  };
}

describe('the line of an end', () => {
  it('says which session it was, and why', () => {
    expect(endLine(session(), 'expired', undefined)).toEqual({
      cause: 'expired',
      code: undefined,
      reason: undefined,
      server: 'main',
      pid: 100,
      role: 'foo:myservice',
      service: 'postgresql',
      rhost: '10.0.0.7',
      issuer: 'prod',
      sub: 'system:serviceaccount:foo:myservice',
      jti: 'b2c3',
      kid: 'key-1',
      namespace: 'foo',
      serviceAccount: 'myservice',
      pod: 'myservice-0',
      since: '2026-09-21T14:13:20.250Z',
      expires: '2026-09-21T14:23:20.000Z',
    });
  });

  it('has code and reason of a denial', () => {
    const refusal = refuse('ERR_DENY_LISTED', 'sub "x" is denied (deny.subjects)', 'A hint.');
    expect(endLine(session(), 'denied', refusal)).toMatchObject({
      cause: 'denied',
      code: 'ERR_DENY_LISTED',
      reason: 'sub "x" is denied (deny.subjects)',
    });
  });

  it('has at most 256 characters of what a client wrote', () => {
    const long = 'x'.repeat(10_000);
    const claims = {
      sub: long,
      jti: long,
      'kubernetes.io': { namespace: long, pod: { name: long } },
    };
    const line = endLine(
      session({ role: long, service: long, source: long }, claims),
      'expired',
      undefined,
    );
    const lengths = Object.values(line).map((value) => String(value ?? '').length);
    expect(Math.max(...lengths)).toBe(256);
  });

  it.each([[{ sub: 7, jti: null, 'kubernetes.io': [] }], [{}], ['text'], [null], [[]]])(
    'leaves out what claims %j do not say',
    (claims) => {
      const { sub, jti, namespace, serviceAccount, pod } = endLine(
        session({}, claims),
        'expired',
        undefined,
      );
      expect([sub, jti, namespace, serviceAccount, pod]).toEqual(Array(5).fill(undefined));
    },
  );

  it.each([
    [1e300, '+275760-09-13T00:00:00.000Z'],
    [-1e300, '-271821-04-20T00:00:00.000Z'],
  ])('has a moment for any exp: %d', (expiresAt, expires) => {
    expect(
      endLine(session({ expiresAt, grantedAt: expiresAt }), 'expired', undefined),
    ).toMatchObject({
      since: expires,
      expires,
    });
  });
});
