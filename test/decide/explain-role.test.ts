// Why a token may not be a role, where its claims show it.
import { expect, it } from 'vitest';

import { compileIssuer } from '../../src/policy/compile-issuer.ts';
import { explainRole } from '../../src/decide/explain-role.ts';
import type { Claims } from '../../src/claims/claim.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { checkRole } from '../../src/roles/check-role.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';

/** The hint of a refusal, with these rules. */
function hintOf(rules: string, claims: Claims, requested = 'dba'): string | undefined {
  const parsed = parseConfig(
    `apiVersion: pgtoken/v1\nissuers:\n- name: a\n  issuer: {url: "https://a.example", audiences: [a]}\n  roles: [${rules}]\n`,
  );
  const [entry] = parsed.ok ? parsed.config.issuers : [];
  if (entry === undefined) throw new Error('not a configuration');
  const issuer = compileIssuer(
    entry,
    { kind: 'pinned', keySet: { keys: [] } },
    [],
    RULE_TOOLS,
    (path, message) => {
      throw new Error(`${path.join('.')}: ${message}`);
    },
  );
  const permitted = issuer.rolesOf(claims);
  const refusal = checkRole(requested, permitted, [], []);
  const explained = explainRole(refusal, issuer, claims, requested, permitted);
  expect(explained?.message).toBe(refusal?.message);
  return explained?.hint;
}

const COMPARE = 'Compare the claims of the token with the roles of this issuer.';

it.each<readonly [rules: string, claims: Claims, hint: string]>([
  [
    '{claim: groups}',
    { sub: 'alice' },
    'The token has no "groups", which its roles would come from.',
  ],
  [
    '{claim: groups}, {claim: /a/b}, {claim: groups, trimPrefix: x}',
    { sub: 'alice' },
    'The token has no "groups", "/a/b", which its roles would come from.',
  ],
  ['{claim: groups, equals: dba, role: dba}, {claim: none}', { groups: [] }, COMPARE],
  [
    '{claim: none}, {claim: realm_access.roles}',
    { realm_access: { roles: ['dba'] } },
    'The token has no "realm_access.roles" but "/realm_access/roles": write the claim so in the rule.',
  ],
  [
    '{claim: groups, equals: DBA, role: dba}, {claim: groups, equals: x, role: x}',
    { groups: ['dba'] },
    'Values are compared byte for byte: "dba" and "DBA" differ in case.',
  ],
  [
    '{claim: groups, trimPrefix: "/", equals: dba, role: dba}',
    { groups: ['/DBA'] },
    'Values are compared byte for byte: "/DBA" and "/dba" differ in case.',
  ],
  [
    '{claim: groups, trimPrefix: "Team-"}, {claim: groups, trimSuffix: "-eu"}',
    { groups: ['team-dba'] },
    'Values are compared byte for byte: "team-" and trimPrefix "Team-" differ in case.',
  ],
  [
    '{claim: groups, trimPrefix: "Team-"}, {claim: groups, trimSuffix: "-eu"}',
    { groups: ['dba-EU'] },
    'Values are compared byte for byte: "-EU" and trimSuffix "-eu" differ in case.',
  ],
  [
    '{claim: scope, equals: dba, role: dba}',
    { scope: 'openid dba' },
    '"scope" holds several words: write split: " " into the rule, and each is compared by itself.',
  ],
  [
    '{claim: groups, split: " ", equals: DBA, role: dba}',
    { groups: 'staff dba' },
    'Values are compared byte for byte: "dba" and "DBA" differ in case.',
  ],
])('with rules %s of %j it says: %s', (rules, claims, hint) => {
  expect(hintOf(rules, claims)).toBe(hint);
});

it('leaves alone what is granted, and what names the roles that there are', () => {
  expect(hintOf('{claim: groups}', { groups: ['dba'] })).toBeUndefined();
  expect(hintOf('{claim: groups}, {claim: Sub}', { groups: ['ro'], sub: 'x' })).toBe(
    'Connect as a role that the token may be, or add a role rule.',
  );
});
