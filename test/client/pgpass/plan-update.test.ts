// What becomes of the text when tokens come and go: decided without a file.
import { describe, expect, it } from 'vitest';

import { nameRole } from '../../../src/client/pgpass/name-role.ts';
import type { LinePlan } from '../../../src/client/pgpass/pgpass-plan.ts';
import { planUpdate } from '../../../src/client/pgpass/plan-update.ts';
import { clientToken, makeToken, SUBJECT } from '../make-token.ts';

const line: LinePlan = {
  host: 'db',
  port: '5432',
  database: '*',
  user: { kind: 'claim', claim: 'sub', trimPrefix: 'system:serviceaccount:' },
  source: { kind: 'file', path: '/token' },
};
const KEY = { host: 'db', port: '5432', database: '*', user: 'foo:myservice' };
const textOf = (token: string): string => `${String.raw`db:5432:*:foo\:myservice:`}${token}\n`;
const NOW = 1000;
const [good, expired] = [clientToken({ exp: 1500 }), clientToken({ exp: 900 })];
const plan = (text: string, token = good) =>
  planUpdate(text, [{ plan: line, token, before: undefined }], NOW);

describe('a line', () => {
  it('gets the token, for the role that it names', () => {
    expect(plan('')).toEqual({
      text: textOf(good.text),
      lines: [{ key: KEY, token: good, fault: undefined }],
    });
  });

  it('keeps a token that has not expired when the one that comes has', () => {
    const before = textOf(makeToken({ exp: 1100 }));
    expect(plan(before, expired)).toMatchObject({
      text: before,
      lines: [{ token: { expiresAt: 1100 } }],
    });
  });

  it('gives a token that has expired up for a later one that seems to have, too', () => {
    expect(plan(textOf(makeToken({ exp: 800 })), expired).text).toBe(textOf(expired.text));
  });

  it('gives up what is no token', () => {
    expect(plan(textOf('old password'), expired).text).toBe(textOf(expired.text));
  });

  it('stays as it is while there is no token', () => {
    const wanted = [{ plan: line, token: undefined, before: undefined }];
    expect(planUpdate('a:1:b:c:d', wanted, NOW)).toEqual({
      text: 'a:1:b:c:d',
      lines: [{ key: undefined, token: undefined, fault: undefined }],
    });
  });

  it('goes away when its token names another role', () => {
    const token = clientToken({ exp: 1500, sub: 'system:serviceaccount:foo:other' });
    const wanted = [{ plan: line, token, before: KEY }];
    expect(planUpdate(textOf(good.text), wanted, NOW).text).toBe(
      `${String.raw`db:5432:*:foo\:other:`}${token.text}\n`,
    );
  });

  it('says why its token names no role, and others get theirs', () => {
    const other = { ...line, user: { kind: 'name', name: 'alice' } } as const;
    const token = clientToken({ exp: 1500, sub: 'alice' });
    const next = planUpdate(
      '',
      [
        { plan: line, token, before: undefined },
        { plan: other, token, before: undefined },
      ],
      NOW,
    );
    expect(next.text).toBe(`db:5432:*:alice:${token.text}\n`);
    expect(next.lines[0]?.fault?.reason).toBe(
      'claim sub of the token is "alice"; expected "system:serviceaccount:" and a role behind it',
    );
  });
});

describe('a role', () => {
  it.each([
    ['sub', '', {}, SUBJECT],
    ['/kubernetes.io/namespace', '', { 'kubernetes.io': { namespace: 'foo' } }, 'foo'],
  ])('is named by claim %s', (claim, trimPrefix, claims, role) => {
    expect(nameRole({ kind: 'claim', claim, trimPrefix }, clientToken(claims))).toBe(role);
  });

  it.each([
    ['email', '', {}, 'claim email of the token is none; expected text, the name of the role'],
    [
      'groups',
      '',
      { groups: ['a'] },
      'claim groups of the token is ["a"]; expected text, the name of the role',
    ],
    [
      'sub',
      SUBJECT,
      {},
      `claim sub of the token is "${SUBJECT}"; expected "${SUBJECT}" and a role behind it`,
    ],
    [
      'sub',
      '',
      { sub: 'a\nb' },
      String.raw`claim sub of the token names role "a\nb", which no line can hold`,
    ],
  ])('is not named by claim %s with prefix "%s" of %j', (claim, trimPrefix, claims, reason) => {
    expect(nameRole({ kind: 'claim', claim, trimPrefix }, clientToken(claims))).toMatchObject({
      reason,
    });
  });
});
