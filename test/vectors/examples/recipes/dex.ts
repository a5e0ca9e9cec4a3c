// Dex: an ID token without typ in its header; sub packs user ID and connector; groups and names are those of the connector.
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

const kid = '3a1f5c7e9b0d2f4a6c8e0b2d4f6a8c0e2b4d6f80';
const issuer = 'https://dex.example.com';
const connector = '/federated_claims/connector_id';

const alice: TokenRecipe = {
  key: 'rsa',
  header: { alg: 'RS256', kid },
  claims: {
    iss: issuer,
    sub: 'CgVhbGljZRIJY29ycC1sZGFw',
    aud: 'postgres',
    exp: NOW + 3540,
    iat: NOW - 60,
    at_hash: 'Qk3wE5rT7yU9iO1pA2sD4f',
    email: 'alice@example.com',
    email_verified: true,
    groups: ['staff', 'dba'],
    name: 'Alice Example',
    preferred_username: 'alice',
    federated_claims: { connector_id: 'corp-ldap', user_id: 'alice' },
  },
};

export const dex: ExampleRecipe = {
  published: { dex: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a person the role of her user name',
      role: 'alice',
      token: alice,
      expected: granted('dex'),
    },
    {
      name: 'grants a member of a group its role',
      role: 'dba_ro',
      token: alice,
      expected: granted('dex'),
    },
    {
      name: 'refuses a namesake from another connector',
      role: 'alice',
      token: change(alice, {
        claims: {
          sub: 'CgU1ODMyMRIGZ2l0aHVi',
          federated_claims: { connector_id: 'github', user_id: '58321' },
        },
      }),
      expected: wrongClaim(connector, '"github"', '"corp-ldap"', 0),
    },
    {
      name: 'refuses a token that does not name its connector, as without scope federated:id',
      role: 'alice',
      token: change(alice, { claims: { federated_claims: undefined } }),
      expected: missingClaim(connector, '"corp-ldap"', 0),
    },
    {
      name: 'refuses a role of a group that the person is not in',
      role: 'dba_ro',
      token: change(alice, { claims: { groups: ['staff'] } }),
      expected: notPermitted('dba_ro', 'alice'),
    },
    {
      name: 'refuses an issuer that differs in its path',
      role: 'alice',
      token: change(alice, { claims: { iss: `${issuer}/dex` } }),
      expected: unknownIssuer(`${issuer}/dex`, issuer),
    },
    {
      name: 'refuses an ID token of another client',
      role: 'alice',
      token: change(alice, { claims: { aud: 'argo-cd' } }),
      expected: wrongAudience('"argo-cd"', '"postgres"'),
    },
    {
      name: 'refuses the 24 hours that Dex gives by itself',
      role: 'alice',
      token: change(alice, { claims: { exp: NOW - 60 + 86_400 } }),
      expected: tooLong('24 h', '60 min'),
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
