// The audit line of a decision: exactly these members, and nothing else of the token.
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import type { DecisionRecord } from '../../src/decide/decision.ts';
import { isRefusal, refuse } from '../../src/errors.ts';
import { auditLine } from '../../src/log/audit-line.ts';
import { createLogger } from '../../src/log/create-logger.ts';
import { parseToken, type ParsedToken } from '../../src/verify/parse-token.ts';
import { encodePart } from '../support/sign-token.ts';

const ISO_TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const REQUEST: Parameters<typeof auditLine>[0] = {
  role: 'foo:myservice',
  service: 'postgresql',
  source: '10.0.0.7',
};
type Asked = Parameters<typeof auditLine>[2]['request'];
const BY_PAM: Asked = { via: 'pam', database: undefined, transport: undefined };
const CLAIMS = {
  iss: 'https://issuer.example.com',
  sub: 'system:serviceaccount:foo:myservice',
  aud: ['postgres'],
  exp: 1_790_000_600,
  iat: 1_790_000_000,
  jti: 'b2c3',
  email: 'alice@example.com',
  'kubernetes.io': {
    namespace: 'foo',
    serviceaccount: { name: 'myservice', uid: 'uid-1' },
    pod: { name: 'myservice-0', uid: 'uid-2' },
    node: { name: 'node-7' },
  },
};
const SIGNATURE = Buffer.from('signature'.repeat(8)).subarray(0, 64).toString('base64url');

function parse(claims: unknown, header: object = { alg: 'ES256', kid: 'key-1', typ: 'JWT' }) {
  const token = parseToken(
    `${encodePart(header)}.${encodePart(claims)}.${SIGNATURE.slice(0, 86)}`,
    65_535,
  );
  if (isRefusal(token)) throw new Error(token.message);
  return token;
}

function judge(token: ParsedToken | undefined, more: Partial<DecisionRecord> = {}): DecisionRecord {
  const decision = { granted: true, issuer: 'prod', role: REQUEST.role } as const;
  return { decision, issuer: 'prod', token, verified: true, ...more };
}

/** Not now: the line keeps its own time. */
const DECIDED = new Date('2026-01-02T03:04:05.678Z');

/** The line as it stands in the log. */
function logged(
  decided: DecisionRecord,
  request = REQUEST,
  { ms = 1.23456, delivered = true, asked = BY_PAM } = {},
): Record<string, unknown> {
  const lines: string[] = [];
  const logger = createLogger({ write: (line) => void lines.push(line) });
  logger.info(
    auditLine(request, decided, { at: DECIDED, ms, delivered, request: asked }),
    'decision',
  );
  expect(lines).toHaveLength(1);
  return z.record(z.string(), z.unknown()).parse(JSON.parse(lines[0]!));
}

describe('holds exactly', () => {
  it('these members of a grant', () => {
    expect(logged(judge(parse(CLAIMS)))).toEqual({
      level: 'info',
      time: DECIDED.toISOString(),
      outcome: 'granted',
      delivered: true,
      via: 'pam',
      role: 'foo:myservice',
      service: 'postgresql',
      rhost: '10.0.0.7',
      issuer: 'prod',
      verified: true,
      iss: 'https://issuer.example.com',
      sub: 'system:serviceaccount:foo:myservice',
      jti: 'b2c3',
      kid: 'key-1',
      namespace: 'foo',
      serviceAccount: 'myservice',
      pod: 'myservice-0',
      ms: 1.235,
      msg: 'decision',
    });
  });

  it('these of a password that is no token', () => {
    const decision = refuse('ERR_NOT_A_TOKEN', 'the password is empty', 'a hint');
    const line = logged(judge(undefined, { decision, issuer: undefined, verified: false }));
    expect(line).toEqual({
      level: 'info',
      time: ISO_TIME,
      outcome: 'denied',
      code: 'ERR_NOT_A_TOKEN',
      reason: 'the password is empty',
      delivered: true,
      via: 'pam',
      role: 'foo:myservice',
      service: 'postgresql',
      rhost: '10.0.0.7',
      verified: false,
      ms: 1.235,
      msg: 'decision',
    });
  });

  it('outcome and code of what could not be decided', () => {
    const decision = refuse('ERR_KEYS_UNAVAILABLE', 'the issuer is down');
    expect(logged(judge(parse(CLAIMS), { decision, verified: false }))).toMatchObject({
      outcome: 'unavailable',
      code: 'ERR_KEYS_UNAVAILABLE',
      issuer: 'prod',
    });
  });

  it('that nobody was there to take the answer', () => {
    const line = logged(judge(parse(CLAIMS)), REQUEST, { delivered: false });
    expect(line).toMatchObject({ outcome: 'granted', delivered: false });
  });

  it('a reason of at most 500 characters', () => {
    const decision = refuse('ERR_ROLE_NOT_PERMITTED', 'x'.repeat(1000));
    expect(logged(judge(parse(CLAIMS), { decision }))).toMatchObject({ reason: 'x'.repeat(500) });
  });

  it('what the validator knows and PAM does not', () => {
    const asked: Asked = { via: 'oauth', database: 'x'.repeat(300), transport: 'tls' };
    expect(logged(judge(parse(CLAIMS)), REQUEST, { asked })).toMatchObject({
      via: 'oauth',
      database: 'x'.repeat(256),
      transport: 'tls',
    });
  });

  it('no rhost for a unix socket', () => {
    const request = { ...REQUEST, source: undefined };
    expect(Object.keys(logged(judge(parse(CLAIMS)), request))).not.toContain('rhost');
  });
});

it('flags what nobody has verified', () => {
  const decision = refuse('ERR_SIGNATURE_INVALID', 'no key verifies it');
  const forged = parse({ ...CLAIMS, sub: 'root' });
  expect(logged(judge(forged, { decision, verified: false }))).toMatchObject({
    verified: false,
    sub: 'root',
  });
});

it('holds nothing of token, signature or any other claim', () => {
  const token = parse(CLAIMS);
  const text = JSON.stringify(logged(judge(token)));
  for (const part of token.text.split('.')) expect(text).not.toContain(part);
  for (const absent of ['alice@example.com', 'node-7', 'uid-1', 'uid-2', 'postgres"', '1790000']) {
    expect(text).not.toContain(absent);
  }
});

it('cuts values after 256 characters', () => {
  const long = 'x'.repeat(1000);
  const token = parse(
    {
      ...CLAIMS,
      sub: long,
      jti: long,
      'kubernetes.io': {
        namespace: long,
        serviceaccount: { name: long },
        pod: { name: long },
      },
    },
    { alg: 'ES256', kid: long },
  );
  const line = logged(judge(token), { role: long, service: long, source: long });
  for (const name of ['sub', 'jti', 'namespace', 'serviceAccount', 'pod', 'role', 'rhost', 'kid']) {
    expect({ [name]: line[name] }).toEqual({ [name]: 'x'.repeat(256) });
  }
});

it.each([
  ['a number', 7],
  ['a list', ['a']],
  ['an object', { toString: 'x' }],
  ['null', null],
  ['true', true],
])('leaves out a claim that is %s, not text', (_what, value) => {
  const line = logged(judge(parse({ ...CLAIMS, sub: value, jti: value, 'kubernetes.io': value })));
  for (const name of ['sub', 'jti', 'namespace', 'serviceAccount', 'pod']) {
    expect(Object.keys(line)).not.toContain(name);
  }
});

it('is one line whatever is in it', () => {
  const sub = 'a\n{"outcome":"granted"}\r\u{2028}\u{1b}[31m"\\\u{0}';
  expect(logged(judge(parse({ ...CLAIMS, sub })), { ...REQUEST, role: sub })).toMatchObject({
    sub,
    role: sub,
    outcome: 'granted',
  });
});

it('is printable ASCII, whatever a terminal would obey', () => {
  const obeyed = '\u{9b}31m\u{9d}0;x\u{9c}\u{7f}\u{85}\u{2028}\u{202e}\u{feff}\u{1f600}\u{d800}';
  const lines: string[] = [];
  const logger = createLogger({ write: (line) => void lines.push(line) });
  const request = { role: obeyed, service: obeyed, source: obeyed };
  const token = parse({ ...CLAIMS, sub: obeyed, jti: obeyed, iss: obeyed });
  logger.info(
    auditLine(request, judge(token), { at: DECIDED, ms: 1, delivered: true, request: BY_PAM }),
    'decision',
  );
  logger.warn({ reason: obeyed }, 'keys could not be retrieved');
  expect(lines.join('')).toMatch(/^[\x20-\x7e]+\n[\x20-\x7e]+\n$/);
  expect(JSON.parse(lines[0]!)).toMatchObject({ role: obeyed, sub: obeyed, iss: obeyed });
  expect(JSON.parse(lines[1]!)).toMatchObject({ reason: obeyed });
});

describe('of a role that follows its token', () => {
  const NOTHING = { created: false, granted: [], revoked: [], skipped: [], altered: [] };

  it('says what was done', () => {
    const provisioned = {
      ...NOTHING,
      created: true,
      granted: ['app_read'],
      revoked: ['app_write'],
    };
    expect(logged(judge(parse(CLAIMS), { provisioned }))).toMatchObject({
      created: true,
      grantedRoles: ['app_read'],
      revokedRoles: ['app_write'],
    });
  });

  it('says nothing where nothing was, and why where it failed and the login was granted all the same', () => {
    const failed = refuse('ERR_PROVISION', 'no server');
    const line = logged(judge(parse(CLAIMS), { provisioned: { ...NOTHING, failed } }));
    expect(line).toMatchObject({ outcome: 'granted', provisionError: 'no server' });
    for (const member of ['created', 'grantedRoles', 'revokedRoles']) {
      expect(line).not.toHaveProperty(member);
    }
    const refused = logged(
      judge(parse(CLAIMS), { decision: failed, provisioned: { ...NOTHING, failed } }),
    );
    expect(refused).toMatchObject({ code: 'ERR_PROVISION', reason: 'no server' });
    expect(refused).not.toHaveProperty('provisionError');
  });
});
