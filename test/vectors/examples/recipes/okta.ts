// Okta: an ID token of the organization's own authorization server, without typ in its header, with the groups that a
// filter lets through.
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

const kid = 'w5R8dK2nLqYv0Xj7TzHbC3mGfA6sPeUo1NiVtB9kQ4E';
const issuer = 'https://example.okta.com';

const alice: TokenRecipe = {
  key: 'rsa',
  header: { kid, alg: 'RS256' },
  claims: {
    sub: '00u47ijy7sRLaeSdC0g7',
    name: 'Alice Example',
    email: 'alice@example.com',
    ver: 1,
    iss: issuer,
    aud: '0oab1c2d3e4f5g6h7i8j',
    iat: NOW - 60,
    exp: NOW + 3540,
    jti: 'ID.dz6ibX-YnBNlt14huAtBULam_Z0_wPG0ig5SWCy8XQU',
    amr: ['pwd', 'mfa', 'otp'],
    idp: '00o47ijbqfgnq5gj00g7',
    preferred_username: 'alice@example.com',
    auth_time: NOW - 1800,
    at_hash: 'w6BLQV3642TKWvaVwTAJuw',
    groups: ['pg-analyst', 'pg-dba_ro'],
  },
};

export const okta: ExampleRecipe = {
  published: { okta: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a member of a group the role that it is named after',
      role: 'analyst',
      token: alice,
      expected: granted('okta'),
    },
    {
      name: 'grants the role of another group',
      role: 'dba_ro',
      token: alice,
      expected: granted('okta'),
    },
    {
      name: 'refuses a role of no group',
      role: 'dba_rw',
      token: alice,
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "dba_rw" asked for, and the token may only be "analyst", "dba_ro"',
      },
    },
    {
      name: 'refuses a group without the prefix, when the filter lets it through',
      role: 'Everyone',
      token: change(alice, { claims: { groups: ['Everyone', 'pg-analyst'] } }),
      expected: notPermitted('Everyone', 'analyst'),
    },
    {
      name: 'refuses a token without groups, as without the claim or its scope',
      role: 'analyst',
      token: change(alice, { claims: { groups: undefined } }),
      expected: noRole('analyst'),
    },
    {
      name: 'refuses another organization',
      role: 'analyst',
      token: change(alice, { key: 'rsa-other', claims: { iss: 'https://other.okta.com' } }),
      expected: unknownIssuer('https://other.okta.com', issuer),
    },
    {
      name: 'refuses a custom authorization server of this one',
      role: 'analyst',
      token: change(alice, { claims: { iss: `${issuer}/oauth2/default` } }),
      expected: unknownIssuer(`${issuer}/oauth2/default`, issuer),
    },
    {
      name: 'refuses an ID token of another application',
      role: 'analyst',
      token: change(alice, { claims: { aud: '0oaz9y8x7w6v5u4t3s2r' } }),
      expected: wrongAudience('"0oaz9y8x7w6v5u4t3s2r"', '"0oab1c2d3e4f5g6h7i8j"'),
    },
    {
      name: 'refuses a token for twelve hours',
      role: 'analyst',
      token: change(alice, { claims: { exp: NOW - 60 + 43_200 } }),
      expected: tooLong('12 h', '60 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'analyst',
      token: change(alice, { header: { alg: 'RS384' } }),
      expected: wrongAlgorithm('RS384', 'RS256'),
    },
    {
      name: 'refuses a group that is named after a role of PostgreSQL itself',
      role: 'pg_read_all_data',
      token: change(alice, { claims: { groups: ['pg-pg_read_all_data'] } }),
      expected: protectedRole('pg_read_all_data'),
    },
  ],
};
