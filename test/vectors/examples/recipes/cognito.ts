// Amazon Cognito: an ID token of one app client. The access token beside it has client_id in place of aud; groups and user name
// have a prefix.
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  notPermitted,
  protectedName,
  tooLong,
  unknownIssuer,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
} from './refusals.ts';

const kid = 'q3vT0c8WmZ1bY7dK5xN2rJ9sH4gF6aLpEuOiCyVwBnM=';
const region = 'https://cognito-idp.eu-central-1.amazonaws.com';
const client = '7f2q9k3m1p8s5t6v4w0x2y3z1a';

const alice: TokenRecipe = {
  key: 'rsa',
  header: { kid, alg: 'RS256' },
  claims: {
    sub: '9384a8b2-4051-70c1-6a1d-0f3b5c7e9d21',
    'cognito:groups': ['staff', 'dba'],
    email_verified: true,
    iss: `${region}/eu-central-1_a1B2c3D4e`,
    'cognito:username': 'alice',
    origin_jti: '4c1d7a90-2f3e-4b5a-8c6d-7e8f9a0b1c2d',
    aud: client,
    event_id: '0b9f3c2d-6a5e-4d7c-9b8a-1f2e3d4c5b6a',
    token_use: 'id',
    auth_time: NOW - 60,
    exp: NOW + 3540,
    iat: NOW - 60,
    jti: 'd2c4b6a8-1e3f-4a5b-9c7d-8e0f1a2b3c4d',
    email: 'alice@example.com',
  },
};
const bob = change(alice, {
  claims: {
    sub: '9384a8b2-4051-70c1-6a1d-0f3b5c7e9d22',
    'cognito:groups': undefined,
    'cognito:username': 'bob',
    email: 'bob@example.com',
  },
});

export const cognito: ExampleRecipe = {
  published: { cognito: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a person the role of her user name',
      role: 'alice',
      token: alice,
      expected: granted('cognito'),
    },
    {
      name: 'grants a member of a group its role',
      role: 'dba_rw',
      token: alice,
      expected: granted('cognito'),
    },
    {
      name: 'grants somebody without groups the role of his user name',
      role: 'bob',
      token: bob,
      expected: granted('cognito'),
    },
    {
      name: 'refuses a role of a group that the person is not in',
      role: 'dba_ro',
      token: bob,
      expected: notPermitted('dba_ro', 'bob'),
    },
    {
      name: 'refuses a person of another user pool',
      role: 'alice',
      token: change(alice, {
        key: 'rsa-other',
        claims: { iss: `${region}/eu-central-1_Z9y8X7w6V` },
      }),
      expected: unknownIssuer(
        `${region}/eu-central-1_Z9y8X7w6V`,
        `${region}/eu-central-1_a1B2c3D4e`,
      ),
    },
    {
      name: 'refuses an ID token of another app client',
      role: 'alice',
      token: change(alice, { claims: { aud: '1h8m4n6p2q0r5s7t9v3w1x5y7z' } }),
      expected: wrongAudience('"1h8m4n6p2q0r5s7t9v3w1x5y7z"', `"${client}"`),
    },
    {
      name: 'refuses the access token, which names its client in client_id and has no aud',
      role: 'alice',
      token: change(alice, {
        claims: {
          aud: undefined,
          client_id: client,
          token_use: 'access',
          scope: 'openid profile',
          'cognito:username': undefined,
          username: 'alice',
          email: undefined,
          email_verified: undefined,
        },
      }),
      expected: {
        code: 'ERR_CLAIM_MISSING',
        message: 'the token has no aud; expected iss, aud, sub and exp',
      },
    },
    {
      name: 'refuses an access token that has an audience, from a trigger or a resource server',
      role: 'dba_rw',
      token: change(alice, { claims: { token_use: 'access', 'cognito:username': undefined } }),
      expected: wrongClaim('token_use', '"access"', '"id"', 0),
    },
    {
      name: 'refuses a token for a day',
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
      token: change(alice, { claims: { 'cognito:username': 'postgres' } }),
      expected: protectedName(),
    },
    {
      name: 'refuses somebody who is called like the role of backups',
      role: 'barman',
      token: change(alice, { claims: { 'cognito:username': 'barman' } }),
      expected: protectedName('barman'),
    },
  ],
};
