// Keycloak: an ID token of a public client. Its claim typ is "ID", that of an access token "Bearer"; groups have their path.
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  missingClaim,
  notPermitted,
  protectedName,
  tooLong,
  unknownIssuer,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
} from './refusals.ts';

const kid = 'FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE';
const realms = 'https://sso.example.com/realms';

const alice: TokenRecipe = {
  key: 'rsa',
  header: { alg: 'RS256', typ: 'JWT', kid },
  claims: {
    exp: NOW + 240,
    iat: NOW - 60,
    auth_time: NOW - 1800,
    jti: 'a4f1c2b3-7d6e-4f58-9a0b-1c2d3e4f5a6b',
    iss: `${realms}/people`,
    aud: 'postgres',
    sub: 'f2a1b3c4-5d6e-7f80-91a2-b3c4d5e6f708',
    typ: 'ID',
    azp: 'postgres',
    sid: '0d9c8b7a-6f5e-4d3c-2b1a-0f9e8d7c6b5a',
    at_hash: 'G1bQ2cW3eR4tY5uI6oP7aA',
    acr: '1',
    email_verified: true,
    name: 'Alice Example',
    groups: ['/staff', '/dba'],
    preferred_username: 'alice',
    given_name: 'Alice',
    family_name: 'Example',
    email: 'alice@example.com',
  },
};
const bob = change(alice, {
  claims: {
    sub: 'f2a1b3c4-5d6e-7f80-91a2-b3c4d5e6f709',
    groups: ['/staff', '/analysts'],
    preferred_username: 'bob',
    email: 'bob@example.com',
  },
});

export const keycloak: ExampleRecipe = {
  published: { keycloak: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a person the role of her user name',
      role: 'alice',
      token: alice,
      expected: granted('keycloak'),
    },
    {
      name: 'grants a member of a group its role',
      role: 'dba_rw',
      token: alice,
      expected: granted('keycloak'),
    },
    {
      name: 'grants a member of the other group his user name only',
      role: 'bob',
      token: bob,
      expected: granted('keycloak'),
    },
    {
      name: 'refuses a role of a group that the person is not in',
      role: 'dba_ro',
      token: bob,
      expected: notPermitted('dba_ro', 'bob'),
    },
    {
      name: 'refuses a person of another realm',
      role: 'alice',
      token: change(alice, { key: 'rsa-other', claims: { iss: `${realms}/customers` } }),
      expected: unknownIssuer(`${realms}/customers`, `${realms}/people`),
    },
    {
      name: 'refuses an ID token of another client',
      role: 'alice',
      token: change(alice, { claims: { aud: 'grafana', azp: 'grafana' } }),
      expected: wrongAudience('"grafana"', '"postgres"'),
    },
    {
      name: 'refuses an access token of another client that has this audience too',
      role: 'alice',
      token: change(alice, {
        claims: { typ: 'Bearer', aud: ['postgres', 'account'], azp: 'grafana', scope: 'openid' },
      }),
      expected: wrongClaim('typ', '"Bearer"', '"ID"', 0),
    },
    {
      name: 'refuses a person who is in none of the groups',
      role: 'carol',
      token: change(alice, { claims: { groups: ['/staff'], preferred_username: 'carol' } }),
      expected: wrongClaim('groups', '["/staff"]', 'one of "/dba", "/analysts"', 1),
    },
    {
      name: 'refuses a group of the same name elsewhere in the tree',
      role: 'dba_ro',
      token: change(alice, { claims: { groups: ['/customers/dba'] } }),
      expected: wrongClaim('groups', '["/customers/dba"]', 'one of "/dba", "/analysts"', 1),
    },
    {
      name: 'refuses a token without groups, as without the mapper',
      role: 'alice',
      token: change(alice, { claims: { groups: undefined } }),
      expected: missingClaim('groups', 'one of "/dba", "/analysts"', 1),
    },
    {
      name: 'refuses a token for twelve hours',
      role: 'alice',
      token: change(alice, { claims: { exp: NOW - 60 + 43_200 } }),
      expected: tooLong('12 h', '60 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'alice',
      token: change(alice, { header: { alg: 'PS256' } }),
      expected: wrongAlgorithm('PS256', 'RS256'),
    },
    {
      name: 'refuses somebody whose user name is postgres',
      role: 'postgres',
      token: change(alice, { claims: { preferred_username: 'postgres' } }),
      expected: protectedName(),
    },
    {
      name: 'refuses somebody who is called like the role of backups',
      role: 'barman',
      token: change(alice, { claims: { preferred_username: 'barman' } }),
      expected: protectedName('barman'),
    },
  ],
};
