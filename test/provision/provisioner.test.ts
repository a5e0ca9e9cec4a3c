// What becomes of a granted login whose entry provisions its role: with a server that answers, refuses, hangs or is not there.
import { describe, expect, it } from 'vitest';

import type { DecisionRecord } from '../../src/decide/decision.ts';
import { refuse, type Refusal } from '../../src/errors.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { ServerClient } from '../../src/postgres/server-client.ts';
import { ServerError } from '../../src/postgres/server-error.ts';
import { createProvisioner } from '../../src/provision/provisioner.ts';
import { parseToken } from '../../src/verify/parse-token.ts';
import { policyOf } from '../support/policy-of.ts';
import { encodePart } from '../support/sign-token.ts';

const LOGIN = { service: 'postgresql', role: 'foo:one', source: undefined };
const LATE = refuse('ERR_DEADLINE', 'no decision within 4 s');
const NEVER = new Promise<Refusal>(() => undefined);
const NOTHING = { created: false, granted: [], revoked: [], skipped: [], altered: [] };

function policyWith(provision: string, servers = '[{name: main, connection: "port=1"}]'): Policy {
  const text = `apiVersion: pgtoken/v1
servers: ${servers}
issuers:
- name: a
  issuer: {url: "https://a.example.com", audiences: [postgres]}
  roles: [{claim: sub}]
  pam: {services: [postgresql]}
  ${provision === '' ? '' : `provision: ${provision}`}
`;
  return policyOf(text);
}

function granted(claims: Readonly<Record<string, unknown>> = {}): DecisionRecord {
  const token = parseToken(
    `${encodePart({ alg: 'ES256', typ: 'JWT' })}.${encodePart({ sub: 'foo:one', exp: 1, ...claims })}.${'A'.repeat(86)}`,
    65_535,
  );
  if ('code' in token) throw new Error(token.message);
  return {
    decision: { granted: true, issuer: 'a', role: 'foo:one' },
    issuer: 'a',
    token,
    verified: true,
  };
}

/** A server that answers so, and what it was asked. */
function provisioner(policy: Policy, answer: () => object | Promise<object>) {
  const asked: (readonly unknown[])[] = [];
  const ports: number[] = [];
  const created = createProvisioner(({ port }): ServerClient => {
    ports.push(port);
    return {
      async query(_text, values) {
        asked.push(values);
        return [{ ...NOTHING, isStandby: false, failed: null, ...(await answer()) }];
      },
      close: () => undefined,
    };
  });
  created.usePolicy(policy);
  return {
    asked,
    ports,
    provision: async (...args: Parameters<typeof created.provision>) => created.provision(...args),
    usePolicy: (next: Policy) => {
      created.usePolicy(next);
    },
  };
}

const GROUPS =
  '{create: true, memberOf: [app, {claim: groups}], connectionLimit: 5, settings: {work_mem: 4MB}, onError: deny}';

describe('a granted login', () => {
  it('is granted once its role is as it should be, and says what was done', async () => {
    const policy = policyWith(GROUPS);
    const { provision, asked } = provisioner(policy, () => ({
      created: true,
      granted: ['app'],
      skipped: ['x'],
    }));
    const decided = granted({ groups: ['x', 'postgres', 'a\0b'] });
    expect(await provision(LOGIN, decided, policy, NEVER)).toEqual({
      ...decided,
      provisioned: {
        ...NOTHING,
        created: true,
        granted: ['app'],
        skipped: ['postgres', 'a\0b', 'x'],
      },
    });
    expect(asked).toEqual([
      [1, 'foo:one', true, ['app', 'x'], true, 5, ['work_mem'], ['4MB'], false],
    ]);
  });

  it('revokes nothing where the token does not say', async () => {
    const policy = policyWith('{memberOf: [{claim: groups}], onError: deny}');
    const { provision, asked } = provisioner(policy, () => ({}));
    await provision(LOGIN, granted(), policy, NEVER);
    expect(asked).toEqual([[1, 'foo:one', false, [], false, null, [], [], false]]);
  });

  it('asks nobody without provision, and when it is refused', async () => {
    const without = policyWith('');
    const first = provisioner(without, () => ({}));
    const decided = granted();
    expect(await first.provision(LOGIN, decided, without, NEVER)).toBe(decided);
    const policy = policyWith(GROUPS);
    const second = provisioner(policy, () => ({}));
    const refused: DecisionRecord = { ...decided, decision: refuse('ERR_DENY_LISTED', 'x') };
    expect(await second.provision(LOGIN, refused, policy, NEVER)).toBe(refused);
    expect([...first.asked, ...second.asked]).toEqual([]);
  });

  it('goes to the server of its entry', async () => {
    const servers = '[{name: one, connection: "port=1"}, {name: two, connection: "port=2"}]';
    const policy = policyWith('{create: true, onError: deny, server: two}', servers);
    const seen: number[] = [];
    const created = createProvisioner(({ port }) => ({
      query: async () => {
        seen.push(port);
        return [{ ...NOTHING, isStandby: false, failed: null }];
      },
      close: () => undefined,
    }));
    created.usePolicy(policy);
    await created.provision(LOGIN, granted(), policy, NEVER);
    expect(seen).toEqual([2]);
  });

  it('is refused when the server refuses, answers something else, or is none; with onError allow it is not', async () => {
    const failures: readonly (() => object)[] = [
      () => {
        throw new ServerError('permission denied for function provision', 'Do something.');
      },
      () => ({ granted: 'app' }),
    ];
    for (const fail of failures) {
      for (const onError of ['deny', 'allow']) {
        const policy = policyWith(`{create: true, onError: ${onError}}`);
        const { provision } = provisioner(policy, fail);
        const { decision, provisioned } = await provision(LOGIN, granted(), policy, NEVER);
        expect(decision.granted).toBe(onError === 'allow');
        expect(provisioned?.failed).toMatchObject({
          code: 'ERR_PROVISION',
          outcome: 'unavailable',
        });
      }
    }
    const policy = policyWith('{create: true, onError: deny}');
    const gone = provisioner({ ...policy, servers: [] }, () => ({}));
    expect((await gone.provision(LOGIN, granted(), policy, NEVER)).decision).toMatchObject({
      code: 'ERR_PROVISION',
      message: 'role "foo:one" cannot be provisioned in server main: there is no server "main"',
    });
  });

  it('is never granted too late, whatever onError is, and what waits behind it is not asked when nobody waits for it', async () => {
    const policy = policyWith('{create: true, onError: allow}');
    const answer = Promise.withResolvers<object>();
    const { provision, asked } = provisioner(policy, () => answer.promise);
    const late = Promise.withResolvers<Refusal>();
    const both = [0, 1].map(async () => provision(LOGIN, granted(), policy, late.promise));
    await expect.poll(() => asked.length).toBe(1);
    late.resolve(LATE);
    expect((await Promise.all(both)).map(({ decision }) => decision)).toEqual([LATE, LATE]);
    answer.resolve({});
    // In its turn, behind both.
    await provision(LOGIN, granted(), policy, NEVER);
    expect(asked).toHaveLength(2);
  });

  it('says what was revoked where something else failed, and is refused or goes on as onError has it', async () => {
    for (const onError of ['deny', 'allow']) {
      const policy = policyWith(`{memberOf: [{claim: groups}], onError: ${onError}}`);
      const { provision } = provisioner(policy, () => ({ revoked: ['app'], failed: 'lock\n' }));
      const { decision, provisioned } = await provision(
        LOGIN,
        granted({ groups: [] }),
        policy,
        NEVER,
      );
      expect(decision.granted).toBe(onError === 'allow');
      expect(provisioned).toMatchObject({
        revoked: ['app'],
        failed: {
          code: 'ERR_PROVISION',
          message: 'role "foo:one" cannot be provisioned in server main: lock?',
        },
      });
    }
  });

  it('is refused where a membership could not be revoked, whatever onError is', async () => {
    const policy = policyWith('{memberOf: [{claim: groups}], onError: allow}');
    const { provision } = provisioner(policy, () => {
      throw Object.assign(new Error('a membership cannot be revoked: x'), { code: 'PT004' });
    });
    expect((await provision(LOGIN, granted({ groups: [] }), policy, NEVER)).decision).toMatchObject(
      { code: 'ERR_PROVISION' },
    );
  });

  it('takes one turn at a time for a role, however many logins of it wait', async () => {
    const policy = policyWith('{memberOf: [{claim: groups}], onError: deny}');
    const gate = Promise.withResolvers<object>();
    const { provision, asked } = provisioner(policy, () => gate.promise);
    const logIn = async (role: string, index: number): Promise<DecisionRecord> =>
      provision({ ...LOGIN, role }, granted({ groups: [`g${index}`] }), policy, NEVER);
    const all = ['foo:one', 'foo:one', 'foo:one', 'foo:two', 'foo:three'].map(logIn);
    gate.resolve({});
    await Promise.all(all);
    expect(asked.map(([, role, , groups]) => [role, groups])).toEqual([
      ['foo:one', ['g0']],
      ['foo:two', ['g3']],
      ['foo:three', ['g4']],
      ['foo:one', ['g1']],
      ['foo:one', ['g2']],
    ]);
  });

  it('shares the question that is asked after it came with logins that want the same, and is told of once', async () => {
    const policy = policyWith('{create: true, memberOf: [{claim: groups}], onError: deny}');
    const gate = Promise.withResolvers<object>();
    const { provision, asked } = provisioner(policy, () => gate.promise);
    const logIn = async (...groups: string[]): Promise<DecisionRecord> =>
      provision(LOGIN, granted({ groups }), policy, NEVER);
    const first = logIn('a');
    await expect.poll(() => asked.length).toBe(1);
    // That one may have been answered before these came.
    const others = [logIn('a'), logIn('a'), logIn('b'), logIn('a')];
    gate.resolve({ granted: ['a'], skipped: ['x'] });
    expect((await first).provisioned).toMatchObject({ granted: ['a'] });
    const done = await Promise.all(others);
    // Not that before another which wants something else.
    expect(asked.map(([, , , groups]) => groups)).toEqual([['a'], ['a'], ['b'], ['a']]);
    expect(done.map(({ provisioned }) => [provisioned?.granted, provisioned?.skipped])).toEqual([
      [['a'], ['x']],
      [[], ['x']],
      [['a'], ['x']],
      [['a'], ['x']],
    ]);
  });

  it('is refused with those that it shares the question with, and asks for itself where those are late', async () => {
    const policy = policyWith('{create: true, onError: deny}');
    const gate = Promise.withResolvers<object>();
    const { provision, asked } = provisioner(policy, () => gate.promise);
    const first = provision({ ...LOGIN, role: 'foo:two' }, granted(), policy, NEVER);
    await expect.poll(() => asked.length).toBe(1);
    const late = Promise.withResolvers<Refusal>();
    const both = [
      provision(LOGIN, granted(), policy, late.promise),
      provision(LOGIN, granted(), policy, NEVER),
    ];
    late.resolve(LATE);
    gate.reject(new ServerError('it is not there'));
    const decisions = (await Promise.all([first, ...both])).map(({ decision }) => decision);
    expect(decisions.map((decision) => 'code' in decision && decision.code)).toEqual([
      'ERR_PROVISION',
      'ERR_DEADLINE',
      'ERR_PROVISION',
    ]);
    expect(asked.map(([, role]) => role)).toEqual(['foo:two', 'foo:one']);
  });

  it('keeps the connection of a server that stays, and closes that of one that goes', async () => {
    const policy = policyWith('{create: true, onError: deny}');
    const { ports, usePolicy } = provisioner(policy, () => ({}));
    usePolicy(policy);
    usePolicy(policyWith('{create: true, onError: deny}', '[{name: main, connection: "port=2"}]'));
    expect(ports).toEqual([1, 2]);
  });
});
