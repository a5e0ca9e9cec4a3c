// Microsoft Entra, people: groups by their object IDs, app roles by their names; v1.0 with upn, v2.0 with
// preferred_username. Of more than 200 groups none is in the token, but a pointer to them (groups overage).
import { entraToken, ENTRA_KEY, issuerOf, OTHER_TENANT, REGISTRATION } from './entra-token.ts';
import { change, type ExampleRecipe, granted, NOW, type TokenRecipe } from './recipe.ts';
import {
  missingClaim,
  noRole,
  notPermitted,
  protectedRole,
  tooLong,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
} from './refusals.ts';

const service = 'postgresql-people';
const cli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';
const dba = '55555555-5555-5555-5555-555555555555';
const analysts = '66666666-6666-6666-6666-666666666666';
const staff = 'abababab-abab-abab-abab-abababababab';

const person = {
  groups: [staff, dba],
  name: 'Alice Example',
  oid: '12121212-1212-1212-1212-121212121212',
  scp: 'psql',
  sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
};
const v2 = entraToken({
  version: 2,
  lifetime: 4740,
  claims: { azp: cli, azpacr: '0', ...person, preferred_username: 'alice@example.com' },
});
const v1 = entraToken({
  version: 1,
  lifetime: 5280,
  claims: {
    acr: '1',
    amr: ['pwd', 'mfa'],
    appid: cli,
    appidacr: '0',
    family_name: 'Example',
    given_name: 'Alice',
    ipaddr: '198.51.100.7',
    ...person,
    unique_name: 'alice@example.com',
    upn: 'alice@example.com',
  },
});
/** What stands in the token instead of groups, when there are too many. */
const overage = {
  groups: undefined,
  _claim_names: { groups: 'src1' },
  _claim_sources: {
    src1: {
      endpoint: `https://graph.windows.net/11111111-1111-1111-1111-111111111111/users/${person.oid}/getMemberObjects`,
    },
  },
};
const auditor = { ...overage, roles: ['db.auditor'] };
const tooManyGroups = {
  code: 'ERR_CLAIM_MISSING' as const,
  message:
    'the token does not hold "groups" but says where to ask for it (_claim_names); expected it in the token',
  hint: 'There are too many for the token: have the issuer emit only those that the application needs, or map app roles.',
};
const tokens: readonly { entry: string; token: TokenRecipe; version: 1 | 2 }[] = [
  { entry: 'people-v2', token: v2, version: 2 },
  { entry: 'people-v1', token: v1, version: 1 },
];
const audienceOf = (version: 1 | 2): string =>
  version === 1 ? `"api://${REGISTRATION}"` : `"${REGISTRATION}"`;

export const entraPeople: ExampleRecipe = {
  published: { 'people-v1': { keys: [ENTRA_KEY] }, 'people-v2': { keys: [ENTRA_KEY] } },
  vectors: [
    {
      name: 'grants a member of a group each of its roles, with a v2.0 token',
      role: 'dba_rw',
      service,
      token: v2,
      expected: granted('people-v2'),
    },
    {
      name: 'grants a member of a group each of its roles, with a v1.0 token',
      role: 'dba_ro',
      service,
      token: v1,
      expected: granted('people-v1'),
    },
    {
      name: 'grants a member of another group its role',
      role: 'analyst',
      service,
      token: change(v2, { claims: { groups: [staff, analysts] } }),
      expected: granted('people-v2'),
    },
    ...tokens.flatMap(({ entry, token, version }) => [
      {
        name: `grants by an app role, although there are too many groups to be in the token (${entry})`,
        role: 'auditor',
        service,
        token: change(token, { claims: auditor }),
        expected: granted(entry),
      },
      {
        name: `refuses a role by a group, where there are too many to be in the token (${entry})`,
        role: 'dba_ro',
        service,
        token: change(token, { claims: overage }),
        expected: tooManyGroups,
      },
      {
        name: `refuses a member of none of the groups (${entry})`,
        role: 'dba_ro',
        service,
        token: change(token, { claims: { groups: [staff] } }),
        expected: noRole('dba_ro'),
      },
      {
        name: `refuses a token without groups (${entry})`,
        role: 'dba_ro',
        service,
        token: change(token, { claims: { groups: undefined } }),
        expected: noRole('dba_ro'),
      },
      {
        name: `refuses a person of another tenant, whose keys are the same (${entry})`,
        role: 'dba_ro',
        service,
        token: change(token, {
          claims: { iss: issuerOf(version, OTHER_TENANT), tid: OTHER_TENANT },
        }),
        expected: {
          code: 'ERR_ISSUER_UNKNOWN' as const,
          message: `issuer "${issuerOf(version, OTHER_TENANT)}" is not configured; expected "${issuerOf(2)}", "${issuerOf(1)}"`,
        },
      },
      {
        name: `refuses a token for Microsoft Graph (${entry})`,
        role: 'dba_ro',
        service,
        token: change(token, { claims: { aud: '00000003-0000-0000-c000-000000000000' } }),
        expected: wrongAudience('"00000003-0000-0000-c000-000000000000"', audienceOf(version)),
      },
      {
        name: `refuses an application of the tenant with an app role (${entry})`,
        role: 'auditor',
        service,
        token: change(token, {
          claims: { scp: undefined, groups: undefined, roles: ['db.auditor'] },
        }),
        expected: missingClaim('scp', '"psql" as a part (split at " ")', 0),
      },
      ...['psql user_impersonation', 'openid profile psql'].map((scp) => ({
        name: `grants a token with more scopes, ${scp} (${entry})`,
        role: 'dba_ro',
        service,
        token: change(token, { claims: { scp } }),
        expected: granted(entry),
      })),
      ...['user_impersonation', 'psql.read user_impersonation', 'openid,psql'].map((scp) => ({
        name: `refuses a token with other scopes, ${scp} (${entry})`,
        role: 'dba_ro',
        service,
        token: change(token, { claims: { scp } }),
        expected: wrongClaim('scp', `"${scp}"`, '"psql" as a part (split at " ")', 0),
      })),
      {
        name: `refuses a token for a day (${entry})`,
        role: 'dba_ro',
        service,
        token: change(token, { claims: { exp: NOW - 310 + 86_400 } }),
        expected: tooLong('24 h', '2 h'),
      },
      {
        name: `refuses another algorithm, although the signature is good (${entry})`,
        role: 'dba_ro',
        service,
        token: change(token, { header: { alg: 'PS256' } }),
        expected: wrongAlgorithm('PS256', 'RS256'),
      },
      {
        name: `refuses another PAM service (${entry})`,
        role: 'dba_ro',
        service: 'postgresql-cloud',
        token,
        expected: {
          code: 'ERR_SERVICE_NOT_PERMITTED' as const,
          message: 'PAM service "postgresql-cloud"; expected "postgresql-people" (pam.services)',
        },
      },
    ]),
    {
      name: 'refuses the pointer as if it were a group',
      role: 'dba_ro',
      service,
      token: change(v2, { claims: { ...overage, groups: 'src1' } }),
      expected: noRole('dba_ro'),
    },
    {
      name: 'refuses a role by a group in a token of the implicit flow, which holds at most five groups',
      role: 'dba_ro',
      service,
      token: change(v2, { claims: { groups: undefined, hasgroups: true } }),
      expected: {
        code: 'ERR_CLAIM_MISSING',
        message:
          'the token does not hold "groups" but says that there are some (hasgroups); expected them in the token',
        hint: tooManyGroups.hint,
      },
    },
    {
      name: 'refuses a name as a role',
      role: 'alice@example.com',
      service,
      token: v2,
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "alice@example.com" asked for, and the token may only be "dba_ro", "dba_rw"',
      },
    },
    {
      name: 'refuses a role of another group',
      role: 'dba_ro',
      service,
      token: change(v2, { claims: { groups: [analysts] } }),
      expected: notPermitted('dba_ro', 'analyst'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      service,
      token: v2,
      expected: protectedRole(),
    },
  ],
};
