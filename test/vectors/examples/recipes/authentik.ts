// Authentik: an ID token of one application, whose issuer's URL ends in a slash. sub is a hash; groups are names as people
// write them. Without a signing key the client's secret signs (HS256).
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  noRole,
  protectedRole,
  tooLong,
  unknownIssuer,
  wrongAlgorithm,
  wrongAudience,
} from './refusals.ts';

const kid = '6c1e4d8f0a2b3c5d7e9f1a2b3c4d5e6f';
const applications = 'https://authentik.example.com/application/o';
const client = 'Xk3vB7nQ2mR9tY5wZ8aC1dF4gH6jK0lPxVbNmQwE';

const alice: TokenRecipe = {
  key: 'rsa',
  header: { alg: 'RS256', kid, typ: 'JWT' },
  claims: {
    iss: `${applications}/postgres/`,
    sub: '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8',
    aud: client,
    exp: NOW + 3540,
    iat: NOW - 60,
    auth_time: NOW - 1800,
    acr: 'goauthentik.io/providers/oauth2/default',
    amr: ['pwd', 'mfa'],
    email: 'alice@example.com',
    email_verified: false,
    name: 'Alice Example',
    given_name: 'Alice Example',
    preferred_username: 'alice',
    nickname: 'alice',
    groups: ['staff', 'database admins'],
    azp: client,
    uid: 'uY6tR4eW2qA0sD8fG6hJ4kL2zX0cV8bN6mQ4wE2r',
  },
};

export const authentik: ExampleRecipe = {
  published: { authentik: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a member of a group each of its roles',
      role: 'dba_rw',
      token: alice,
      expected: granted('authentik'),
    },
    {
      name: 'grants a member of another group its role',
      role: 'analyst',
      token: change(alice, { claims: { groups: ['analysts'] } }),
      expected: granted('authentik'),
    },
    {
      name: 'refuses a token that is signed with the secret of the client',
      role: 'dba_rw',
      token: change(alice, { secret: 'the secret of the client', header: { alg: 'HS256' } }),
      expected: {
        code: 'ERR_ALGORITHM_NOT_ALLOWED',
        message:
          'the token is signed with alg "HS256"; expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87',
      },
    },
    {
      name: 'refuses a token of another application',
      role: 'dba_rw',
      token: change(alice, { claims: { iss: `${applications}/grafana/` } }),
      expected: unknownIssuer(`${applications}/grafana/`, `${applications}/postgres/`),
    },
    {
      name: 'refuses an issuer without the slash at its end, and says so',
      role: 'dba_rw',
      token: change(alice, { claims: { iss: `${applications}/postgres` } }),
      expected: {
        code: 'ERR_ISSUER_UNKNOWN',
        message: `issuer "${applications}/postgres" is not configured; it differs from "${applications}/postgres/" of entry authentik only in case or a trailing slash`,
      },
    },
    {
      name: 'refuses another client',
      role: 'dba_rw',
      token: change(alice, { claims: { aud: 'another-client' } }),
      expected: wrongAudience('"another-client"', `"${client}"`),
    },
    {
      name: 'refuses a member of none of the groups',
      role: 'dba_rw',
      token: change(alice, { claims: { groups: ['staff'] } }),
      expected: noRole('dba_rw'),
    },
    {
      name: 'refuses a token without groups, as without scope profile',
      role: 'dba_rw',
      token: change(alice, { claims: { groups: undefined } }),
      expected: noRole('dba_rw'),
    },
    {
      name: 'refuses a token for a day',
      role: 'dba_rw',
      token: change(alice, { claims: { exp: NOW - 60 + 86_400 } }),
      expected: tooLong('24 h', '60 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'dba_rw',
      token: change(alice, { header: { alg: 'PS256' } }),
      expected: wrongAlgorithm('PS256', 'RS256'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: alice,
      expected: protectedRole(),
    },
  ],
};
