// Roles of several servers as one.
import { expect, it } from 'vitest';

import { mergeRoles } from '../../../src/doctor/server/merge-roles.ts';

const role = (more: object) => ({
  name: 'app',
  mayLogIn: true,
  isSuperuser: false,
  powers: [],
  expiredAt: undefined,
  ...more,
});

it('a role may what it may on any', () => {
  expect(
    mergeRoles([
      { roles: [role({ mayLogIn: false, powers: ['REPLICATION'] })] },
      {
        roles: [
          role({ isSuperuser: true, powers: ['REPLICATION', 'BYPASSRLS'] }),
          role({ name: 'b' }),
        ],
      },
    ]),
  ).toEqual([
    role({ isSuperuser: true, powers: ['REPLICATION', 'BYPASSRLS'] }),
    role({ name: 'b' }),
  ]);
});

it.each([
  ['where it may log in', role({ expiredAt: 1 }), role({}), 1],
  ['nowhere that it may log in', role({ expiredAt: 1, mayLogIn: false }), role({}), undefined],
  [
    'where it may not log in, and where it may',
    role({ expiredAt: 1, mayLogIn: false }),
    role({ expiredAt: 2 }),
    2,
  ],
])('a role that has expired %s', (_what, a, b, expiredAt) => {
  for (const roles of [
    [a, b],
    [b, a],
  ]) {
    expect(mergeRoles(roles.map((one) => ({ roles: [one] })))).toEqual([role({ expiredAt })]);
  }
});
