// Google Workspace, people: an ID token of an OAuth client of one's own. Only accounts of a Workspace domain have hd.
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  missingClaim,
  noRole,
  protectedName,
  tooLong,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
  unverifiedEmail,
} from './refusals.ts';

const kid = '9c7e5a3f1d0b8e6c4a2f0d8b6e4c2a0f8d6b4e2c';
const client = '123456789012-a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6.apps.googleusercontent.com';
const gcloud = '32555940559.apps.googleusercontent.com';

const alice: TokenRecipe = {
  key: 'rsa',
  header: { alg: 'RS256', kid, typ: 'JWT' },
  claims: {
    iss: 'https://accounts.google.com',
    azp: client,
    aud: client,
    sub: '110169484474386276334',
    hd: 'example.com',
    email: 'alice@example.com',
    email_verified: true,
    at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
    iat: NOW - 600,
    exp: NOW + 3000,
  },
};

export const googlePeople: ExampleRecipe = {
  published: { google: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a person of the domain the role of her address',
      role: 'alice',
      token: alice,
      expected: granted('google'),
    },
    {
      name: 'grants another person, with a name that needs quotes in SQL',
      role: 'bob.example',
      token: change(alice, {
        claims: { sub: '110169484474386276335', email: 'bob.example@example.com' },
      }),
      expected: granted('google'),
    },
    {
      name: 'refuses a private account with an address of the domain, verified though it is',
      role: 'alice',
      token: change(alice, { claims: { sub: '118888888888888888888', hd: undefined } }),
      expected: missingClaim('hd', '"example.com"', 0),
    },
    {
      name: 'refuses a person of another domain',
      role: 'alice',
      token: change(alice, { claims: { hd: 'example.net', email: 'alice@example.net' } }),
      expected: wrongClaim('hd', '"example.net"', '"example.com"', 0),
    },
    {
      name: 'refuses an address that is not verified',
      role: 'alice',
      token: change(alice, { claims: { email_verified: false } }),
      expected: unverifiedEmail('roles'),
    },
    {
      name: 'refuses a person of a second domain of the organization',
      role: 'alice',
      token: change(alice, { claims: { email: 'alice@example.org' } }),
      expected: noRole('alice'),
    },
    {
      name: 'refuses what gcloud auth print-identity-token gives',
      role: 'alice',
      token: change(alice, { claims: { aud: gcloud, azp: gcloud } }),
      expected: wrongAudience(`"${gcloud}"`, `"${client}"`),
    },
    {
      name: 'refuses a token for twelve hours',
      role: 'alice',
      token: change(alice, { claims: { exp: NOW - 600 + 43_200 } }),
      expected: tooLong('12 h', '60 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'alice',
      token: change(alice, { header: { alg: 'PS256' } }),
      expected: wrongAlgorithm('PS256', 'RS256'),
    },
    {
      name: 'refuses somebody whose address is postgres@',
      role: 'postgres',
      token: change(alice, { claims: { email: 'postgres@example.com' } }),
      expected: protectedName(),
    },
    {
      name: 'refuses somebody who is called like the role of backups',
      role: 'barman',
      token: change(alice, { claims: { email: 'barman@example.com' } }),
      expected: protectedName('barman'),
    },
  ],
};
