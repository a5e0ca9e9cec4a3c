// Entries without pam.services, by what else asks pgtoken on this host.
import { expect, it } from 'vitest';

import { type Entry, entryWith, findWarningsIn } from './warnings-of.ts';

const OTHER = { name: 'b' };

async function toldOf(services: readonly string[], ...entries: readonly Entry[]) {
  const warnings = await findWarningsIn(entries, {}, { services });
  return warnings.map(({ path, message }) => [path.join('.'), message]);
}

it.each<readonly [services: readonly string[], message: string | undefined]>([
  [[], undefined],
  [['postgresql-k8s'], undefined],
  [['postgresql'], undefined],
  [
    ['postgresql-k8s', 'postgresql-people'],
    'no pam.services: its tokens count for each service of this host that asks pgtoken: "postgresql-k8s", "postgresql-people"',
  ],
  ...['sshd', 'su', 'login', 'sudo', 'other', 'common-auth'].map(
    (service) =>
      [
        ['postgresql-k8s', service],
        `no pam.services: its tokens count for "${service}" too, by which users log in to this host`,
      ] as const,
  ),
  // Not even where it is the only one.
  [
    ['sshd'],
    'no pam.services: its tokens count for "sshd" too, by which users log in to this host',
  ],
])('an entry without, where %j ask pgtoken', async (services, message) => {
  expect(await toldOf(services, entryWith())).toEqual(
    message === undefined ? [] : [['issuers.0', message]],
  );
  // One that says for which services it is, is not told.
  for (const own of [['postgresql-k8s'], ['sshd']]) {
    expect(await toldOf(services, entryWith({ pam: { services: own } }))).toEqual([]);
  }
});

it('several entries are told of the services, not of each other', async () => {
  const both = [entryWith(), entryWith(OTHER, 'https://b.example.com')];
  expect(await toldOf(['a', 'b'], ...both)).toEqual([
    ['issuers.0', expect.stringContaining('each service of this host')],
    ['issuers.1', expect.stringContaining('each service of this host')],
  ]);
  expect(await toldOf(['a'], ...both)).toEqual([
    ['issuers.0', expect.stringContaining('beside those of the other entries')],
    ['issuers.1', expect.stringContaining('beside those of the other entries')],
  ]);
});
