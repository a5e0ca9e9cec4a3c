// Which logins servers are told of, when, and what becomes of those that they cannot be told of yet.
import { expect, it } from 'vitest';

import type { ServerClient } from '../../src/postgres/server-client.ts';
import { ServerError } from '../../src/postgres/server-error.ts';
import { createLoginRecords } from '../../src/provision/login-records.ts';
import { policyOf } from '../support/policy-of.ts';

const YAML = `apiVersion: pgtoken/v1
servers:
- {name: main, connection: "port=1"}
- {name: second, connection: "port=2"}
- {name: plain, connection: "port=3"}
issuers:
- name: a
  issuer: {url: "https://a.example.com", audiences: [postgres]}
  roles: [{claim: sub}]
  pam: {services: [postgresql-main]}
  provision: {create: true, onError: deny, server: main}
- name: b
  issuer: {url: "https://b.example.com", audiences: [postgres]}
  roles: [{claim: sub}]
  pam: {services: [postgresql-second]}
  provision: {create: true, onError: deny, server: second}
`;
const POLICY = policyOf(YAML);

const use = (role: string, subject: string | undefined = role) => ({ role, entry: 'a', subject });

/** Servers that answer as they are told to, with what they were asked. */
function records() {
  const asked: (readonly [port: number, roles: unknown, isComplete: unknown])[] = [];
  const states: unknown[] = [];
  const answer = { with: (): boolean => true };
  let open = 0;
  const created = createLoginRecords({
    createClient: ({ port }): ServerClient => {
      open += 1;
      return {
        async query(_text, [, roles, , , isComplete]) {
          asked.push([port, roles, isComplete]);
          return [{ recorded: answer.with() }];
        },
        close() {
          open -= 1;
        },
      };
    },
    onState: (server, error) => states.push([server, error?.message]),
  });
  created.usePolicy(POLICY);
  const flush = async (all = false) => {
    asked.length = 0;
    await created.flush(all);
    expect(open).toBe(0);
    return [...asked];
  };
  return { created, states, answer, flush };
}
const fail = (): never => {
  throw new ServerError('it is not there');
};

it('tells each server in which entries provision of a role once, however often it was logged in to', async () => {
  const { created, flush } = records();
  for (let times = 0; times < 3; times += 1) created.add(use('one'));
  created.add(use('two'));
  expect(await flush()).toEqual([
    [1, ['one', 'two'], true],
    [2, ['one', 'two'], true],
  ]);
  expect(await flush()).toEqual([]);
});

it('tells that logins are recorded also where there were none', async () => {
  const { flush } = records();
  expect(await flush(true)).toEqual([
    [1, [], true],
    [2, [], true],
  ]);
});

it('keeps what a server could not be told, and says that once', async () => {
  const { created, states, answer, flush } = records();
  answer.with = fail;
  created.add(use('one'));
  await flush();
  created.add(use('two'));
  await flush();
  answer.with = () => true;
  expect(await flush()).toEqual([
    [1, ['one', 'two'], true],
    [2, ['one', 'two'], true],
  ]);
  expect(states).toEqual([
    ['main', 'it is not there'],
    ['second', 'it is not there'],
    ['main', undefined],
    ['second', undefined],
  ]);
});

it('says that logins are missing where more wait than it keeps, until the server knows', async () => {
  const { created, answer, flush } = records();
  answer.with = fail;
  for (let index = 0; index < 20_001; index += 1) created.add(use(`n${index}`));
  await flush();
  answer.with = () => true;
  const calls = await flush();
  expect(calls).toHaveLength(80);
  expect(calls.every(([, , isComplete]) => isComplete === false)).toBe(true);
  created.add(use('one'));
  expect(await flush()).toEqual([
    [1, ['one'], true],
    [2, ['one'], true],
  ]);
});

it('is content with a standby, on which nothing can be recorded', async () => {
  const { created, states, answer, flush } = records();
  answer.with = () => false;
  created.add(use('one'));
  await flush();
  expect(await flush()).toEqual([]);
  expect(states).toEqual([]);
});

const MOVED = policyOf(YAML.replace('"port=1"', '"port=4"'));
const RENAMED = policyOf(YAML.replaceAll('main', 'other').replace('"port=1"', '"port=4"'));

it.each([
  ['its connection changes', MOVED],
  ['its name changes as well', RENAMED],
])(
  'says that logins are missing where a server could not be told of them before %s',
  async (_what, policy) => {
    const { created, answer, flush } = records();
    answer.with = fail;
    created.add(use('one'));
    await flush();
    answer.with = () => true;
    created.usePolicy(policy);
    // Also where nothing waits for it, and once.
    expect(await flush()).toEqual([
      [4, [], false],
      [2, ['one'], true],
    ]);
    expect(await flush()).toEqual([]);
  },
);

it('says so where its connection changes while it is being told', async () => {
  const { created, answer, flush } = records();
  created.add(use('one'));
  answer.with = () => {
    answer.with = () => true;
    created.usePolicy(MOVED);
    return fail();
  };
  await flush();
  expect((await flush()).filter(([port]) => port === 4)).toEqual([[4, [], false]]);
});

it('says nothing of the kind where nothing waited', async () => {
  const { created, flush } = records();
  created.usePolicy(MOVED);
  created.add(use('one'));
  expect(await flush()).toContainEqual([4, ['one'], true]);
});
