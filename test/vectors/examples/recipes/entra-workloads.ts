// Microsoft Entra, applications: a managed identity (v1.0, and v2.0 with its lifetime of 24 hours and 5 minutes) and a
// service principal (v2.0).
import { entraToken, ENTRA_KEY, issuerOf, OTHER_TENANT, REGISTRATION } from './entra-token.ts';
import { change, type ExampleRecipe, granted, NOW, type TokenRecipe } from './recipe.ts';
import {
  missingClaim,
  noRole,
  protectedRole,
  tooLong,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
} from './refusals.ts';

const service = 'postgresql-cloud';
const application = '77777777-7777-7777-7777-777777777777';
const identity = '44444444-4444-4444-4444-444444444444';
const rights = { roles: ['db.login'] };

const managed = entraToken({
  version: 1,
  lifetime: 86_700,
  claims: {
    appid: application,
    appidacr: '2',
    idp: issuerOf(1),
    idtyp: 'app',
    oid: identity,
    ...rights,
    sub: identity,
    xms_mirid:
      '/subscriptions/88888888-8888-8888-8888-888888888888/resourcegroups/shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cart',
  },
});
const principal = entraToken({
  version: 2,
  lifetime: 3900,
  claims: {
    azp: application,
    azpacr: '2',
    idtyp: 'app',
    oid: identity,
    ...rights,
    sub: identity,
  },
});
const tokens: readonly { entry: string; token: TokenRecipe; version: 1 | 2 }[] = [
  { entry: 'entra-v1', token: managed, version: 1 },
  { entry: 'entra-v2', token: principal, version: 2 },
];
const audienceOf = (version: 1 | 2): string =>
  version === 1 ? `"api://${REGISTRATION}"` : `"${REGISTRATION}"`;

export const entraWorkloads: ExampleRecipe = {
  published: { 'entra-v1': { keys: [ENTRA_KEY] }, 'entra-v2': { keys: [ENTRA_KEY] } },
  vectors: [
    {
      name: 'grants a managed identity its role, with a v1.0 token for 24 hours and 5 minutes',
      role: 'shop_cart',
      service,
      token: managed,
      expected: granted('entra-v1'),
    },
    {
      name: 'grants a service principal its role, with a v2.0 token',
      role: 'shop_cart',
      service,
      token: principal,
      expected: granted('entra-v2'),
    },
    {
      name: 'grants a managed identity its role, with a v2.0 token',
      role: 'shop_cart',
      service,
      token: change(principal, { claims: { exp: NOW - 310 + 86_700 } }),
      expected: granted('entra-v2'),
    },
    ...tokens.flatMap(({ entry, token, version }) => [
      {
        name: `refuses another tenant, whose keys are the same (${entry})`,
        role: 'shop_cart',
        service,
        token: change(token, {
          claims: { iss: issuerOf(version, OTHER_TENANT), tid: OTHER_TENANT },
        }),
        expected: {
          code: 'ERR_ISSUER_UNKNOWN' as const,
          message: `issuer "${issuerOf(version, OTHER_TENANT)}" is not configured; expected "${issuerOf(1)}", "${issuerOf(2)}"`,
        },
      },
      {
        name: `refuses a token for Azure itself (${entry})`,
        role: 'shop_cart',
        service,
        token: change(token, { claims: { aud: 'https://management.azure.com/' } }),
        expected: wrongAudience('"https://management.azure.com/"', audienceOf(version)),
      },
      {
        name: `refuses an application to which nobody has assigned the app role (${entry})`,
        role: 'shop_cart',
        service,
        token: change(token, { claims: { roles: undefined } }),
        expected: missingClaim('roles', '"db.login"', 0),
      },
      {
        name: `refuses an application with another app role (${entry})`,
        role: 'shop_cart',
        service,
        token: change(token, { claims: { roles: ['db.auditor'] } }),
        expected: wrongClaim('roles', '["db.auditor"]', '"db.login"', 0),
      },
      {
        name: `refuses a person, although he has the app role (${entry})`,
        role: 'shop_cart',
        service,
        token: change(token, { claims: { scp: 'psql', idtyp: undefined } }),
        expected: {
          code: 'ERR_CLAIM_REJECTED' as const,
          message: 'the token has a claim "scp"; expected none (claimValidationRules[1])',
        },
      },
      {
        name: `refuses another application with the app role (${entry})`,
        role: 'shop_cart',
        service,
        token: change(token, {
          claims: {
            oid: '45454545-4545-4545-4545-454545454545',
            sub: '45454545-4545-4545-4545-454545454545',
          },
        }),
        expected: noRole('shop_cart'),
      },
      {
        name: `refuses a token for two days (${entry})`,
        role: 'shop_cart',
        service,
        token: change(token, { claims: { exp: NOW - 310 + 172_800 } }),
        expected: tooLong('2 d', '25 h'),
      },
      {
        name: `refuses another algorithm, although the signature is good (${entry})`,
        role: 'shop_cart',
        service,
        token: change(token, { header: { alg: 'PS256' } }),
        expected: wrongAlgorithm('PS256', 'RS256'),
      },
      {
        name: `refuses another PAM service (${entry})`,
        role: 'shop_cart',
        service: 'postgresql-people',
        token,
        expected: {
          code: 'ERR_SERVICE_NOT_PERMITTED' as const,
          message: 'PAM service "postgresql-people"; expected "postgresql-cloud" (pam.services)',
        },
      },
    ]),
    {
      name: 'refuses the superuser',
      role: 'postgres',
      service,
      token: managed,
      expected: protectedRole(),
    },
  ],
};
