// Auth0: an access token for an API with permissions in it. The issuer's URL ends in a slash; a second audience leads to the
// profile. In Auth0's own form typ is JWT, in that of RFC 9068 at+jwt.
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  noRole,
  notPermitted,
  protectedRole,
  tooLong,
  unknownIssuer,
  wrongAlgorithm,
  wrongAudience,
} from './refusals.ts';

const kid = 'NjVBRjY5MDlCMUIwNzU4RTA2';
const issuer = 'https://example.eu.auth0.com/';
const api = 'https://postgres.example.com';

const alice: TokenRecipe = {
  key: 'rsa',
  header: { alg: 'RS256', typ: 'JWT', kid },
  claims: {
    iss: issuer,
    sub: 'auth0|65f1c2d3e4a5b6c7d8e9f0a1',
    aud: [api, `${issuer}userinfo`],
    iat: NOW - 60,
    exp: NOW + 3540,
    scope: 'openid profile email',
    azp: 'my_client_id_4f6A8sD0gH2jK',
    permissions: ['role:analyst', 'role:dba_ro', 'read:reports'],
  },
};

export const auth0: ExampleRecipe = {
  published: { auth0: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a person the role of a permission',
      role: 'analyst',
      token: alice,
      expected: granted('auth0'),
    },
    {
      name: 'grants the same in the form of RFC 9068',
      role: 'dba_ro',
      token: change(alice, {
        header: { typ: 'at+jwt' },
        claims: {
          jti: 'kL2mN4oP6qR8sT0uV2wX4y',
          client_id: 'my_client_id_4f6A8sD0gH2jK',
          azp: undefined,
        },
      }),
      expected: granted('auth0'),
    },
    {
      name: 'refuses a permission that is for something else',
      role: 'reports',
      token: alice,
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "reports" asked for, and the token may only be "analyst", "dba_ro"',
      },
    },
    {
      name: 'refuses somebody who has only signed up',
      role: 'analyst',
      token: change(alice, { claims: { permissions: [] } }),
      expected: noRole('analyst'),
    },
    {
      name: 'refuses a token without permissions, as without RBAC',
      role: 'analyst',
      token: change(alice, { claims: { permissions: undefined } }),
      expected: noRole('analyst'),
    },
    {
      name: 'refuses a machine-to-machine application with the permission',
      role: 'analyst',
      token: change(alice, {
        claims: {
          sub: 'my_client_id_4f6A8sD0gH2jK@clients',
          aud: api,
          gty: 'client-credentials',
          permissions: ['role:analyst'],
          scope: 'role:analyst',
        },
      }),
      expected: {
        code: 'ERR_CLAIM_REJECTED',
        message: 'the token has a claim "gty"; expected none (claimValidationRules[0])',
      },
    },
    {
      name: 'refuses another tenant',
      role: 'analyst',
      token: change(alice, {
        key: 'rsa-other',
        claims: { iss: 'https://other.eu.auth0.com/' },
      }),
      expected: unknownIssuer('https://other.eu.auth0.com/', issuer),
    },
    {
      name: 'refuses a token for another API',
      role: 'analyst',
      token: change(alice, { claims: { aud: ['https://api.example.com', `${issuer}userinfo`] } }),
      expected: wrongAudience(`"https://api.example.com", "${issuer}userinfo"`, `"${api}"`),
    },
    {
      name: 'refuses the 24 hours that Auth0 gives by itself',
      role: 'analyst',
      token: change(alice, { claims: { exp: NOW - 60 + 86_400 } }),
      expected: tooLong('24 h', '60 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'analyst',
      token: change(alice, { header: { alg: 'PS256' } }),
      expected: wrongAlgorithm('PS256', 'RS256'),
    },
    {
      name: 'refuses a permission to be the superuser',
      role: 'postgres',
      token: change(alice, { claims: { permissions: ['role:postgres'] } }),
      expected: protectedRole(),
    },
    {
      name: 'refuses a role that differs from the permission in case',
      role: 'Analyst',
      token: change(alice, { claims: { permissions: ['role:analyst'] } }),
      expected: notPermitted('Analyst', 'analyst'),
    },
  ],
};
