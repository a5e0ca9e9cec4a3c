// Memberships by claims: claims that a token may leave out, and roles that several subjects are.
import { expect, it } from 'vitest';

import { type Entry, entryWith, findWarningsIn } from '../warnings-of.ts';

const TOP = { servers: [{ name: 'main', connection: 'port=5432' }] };
const GROUPS = { claim: 'groups' };

async function toldOf(memberOf: readonly unknown[] | undefined, more: Entry = {}) {
  const provision = { create: true, onError: 'deny', memberOf };
  const warnings = await findWarningsIn([entryWith({ provision, ...more })], TOP);
  return warnings.map(({ path, message, hint }) => [path.slice(2).join('.'), message, hint]);
}

it.each<readonly [what: string, more: Entry]>([
  ['nothing', {}],
  ['another claim', { token: { requiredClaims: ['jti'] } }],
  ['a claim inside of it', { token: { requiredClaims: ['/groups/0'] } }],
  ['one of two role rules', { roles: [{ claim: 'sub' }, GROUPS] }],
  ['a rule that forbids it', { claimValidationRules: [{ ...GROUPS, forbidden: true }] }],
])('a claim that %s requires is told', async (_what, more) => {
  const told = await toldOf(['app', GROUPS], more);
  expect(told).toEqual([
    [
      'provision.memberOf.1',
      'a token without "groups" is accepted and revokes nothing: whoever can have tokens without it keeps memberships that were taken away',
      'Add "groups" to token.requiredClaims, if the issuer writes it into every token, as an empty list too.',
    ],
  ]);
});

it.each<readonly [what: string, memberOf: readonly unknown[] | undefined, more: Entry]>([
  ['required', [GROUPS], { token: { requiredClaims: ['groups'] } }],
  ['required as a pointer', [GROUPS], { token: { requiredClaims: ['/groups'] } }],
  ['looked at', [GROUPS], { claimValidationRules: [{ ...GROUPS, requiredValue: 'x' }] }],
  ['what the role is made of', [GROUPS], { roles: [GROUPS] }],
  ['in every token', [{ claim: 'sub' }], {}],
  ['in every token, and no role', [{ claim: 'aud' }], {}],
  [
    'required inside of another',
    [{ claim: '/realm_access/roles' }],
    { token: { requiredClaims: ['/realm_access/roles'] } },
  ],
  ['none', ['app'], {}],
  ['left out', undefined, { provision: { create: true, onError: 'deny' } }],
])('a claim that is %s is not', async (_what, memberOf, more) => {
  expect(await toldOf(memberOf, more)).toEqual([]);
});

it.each([
  [{ claim: 'sub', pattern: 'ci:.*', role: 'deployer' }, 'deployer'],
  [{ claim: 'groups', equals: 'dba', role: ['one', 'two'] }, 'one'],
  [{ claim: 'groups', pattern: '(db.*)', role: ['\\1', 'two'] }, 'two'],
])('a role rule that makes several subjects one role is told: %j', async (rule, role) => {
  const more = { token: { requiredClaims: ['groups'] }, roles: [rule] };
  expect(await toldOf([GROUPS], more)).toEqual([
    [
      'roles.0',
      `several subjects may be role "${role}", whose memberships follow the token of each login (provision.memberOf): open sessions of one have what the token of another gives`,
      'Give each subject a role of its own, or grant what the role is to have by names in memberOf.',
    ],
  ]);
  // By names, all have the same.
  expect(await toldOf(['app'], more)).toEqual([]);
});

it('a part of a subject is no one subject', async () => {
  const roles = [{ claim: 'sub', equals: 'ci', split: ' ', role: 'deployer' }];
  const told = await toldOf([GROUPS], { token: { requiredClaims: ['groups'] }, roles });
  expect(told.map(([path]) => path)).toEqual(['roles.0', 'roles.0.split']);
});

it('a role rule that makes one subject a role is not', async () => {
  const roles = [{ claim: 'sub', equals: 'ci', role: 'deployer' }];
  expect(await toldOf([GROUPS], { token: { requiredClaims: ['groups'] }, roles })).toEqual([]);
});
