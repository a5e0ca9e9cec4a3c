// Google, service accounts: an ID token of the metadata server with format=full, one of gcloud for an account that is
// impersonated, and the short form, which lacks the address.
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  missingClaim,
  notPermitted,
  protectedName,
  tooLong,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
  wrongSignature,
  unverifiedEmail,
} from './refusals.ts';

const kid = '1d0a4f7c9b2e6d8f3a5c7e9b1d3f5a7c9e1b3d5f';
const pattern = '[a-z0-9-]+@example-project\\\\.iam\\\\.gserviceaccount\\\\.com';
const demand = `text that matches "${pattern}"`;

const cart: TokenRecipe = {
  key: 'rsa',
  header: { alg: 'RS256', kid, typ: 'JWT' },
  claims: {
    aud: 'postgres.example.com',
    azp: '117520473820154936281',
    email: 'shop-cart@example-project.iam.gserviceaccount.com',
    email_verified: true,
    exp: NOW + 3000,
    google: {
      compute_engine: {
        instance_creation_timestamp: 1_795_000_000,
        instance_id: '4152637485960718293',
        instance_name: 'cart-1',
        project_id: 'example-project',
        project_number: 123_456_789_012,
        zone: 'europe-west3-a',
      },
    },
    iat: NOW - 600,
    iss: 'https://accounts.google.com',
    sub: '117520473820154936281',
  },
};
const nightly = change(cart, {
  claims: {
    azp: '104832719463058271649',
    email: 'nightly@example-project.iam.gserviceaccount.com',
    google: undefined,
    sub: '104832719463058271649',
  },
});

export const googleWorkloads: ExampleRecipe = {
  published: { google: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a service account the role of its name',
      role: 'shop-cart',
      token: cart,
      expected: granted('google'),
    },
    {
      name: 'grants an account by its unique ID, with a token of gcloud',
      role: 'reports_ro',
      token: nightly,
      expected: granted('google'),
    },
    {
      name: 'refuses a service account of another project with the same name',
      role: 'shop-cart',
      token: change(cart, {
        claims: { email: 'shop-cart@other-project.iam.gserviceaccount.com' },
      }),
      expected: wrongClaim('email', '"shop-cart@other-project.iam.gserviceaccount.com"', demand, 0),
    },
    {
      name: 'refuses an address that only begins like one of the project',
      role: 'shop-cart',
      token: change(cart, {
        claims: { email: 'shop-cart@example-project.iam.gserviceaccount.com.example.net' },
      }),
      expected: wrongClaim(
        'email',
        '"shop-cart@example-project.iam.gserviceaccount.com.example.net"',
        demand,
        0,
      ),
    },
    {
      name: 'refuses the short form of the metadata server, which lacks the address',
      role: 'shop-cart',
      token: change(cart, {
        claims: { email: undefined, email_verified: undefined, google: undefined },
      }),
      expected: missingClaim('email', demand, 0),
    },
    {
      name: 'refuses an address that is not verified',
      role: 'shop-cart',
      token: change(cart, { claims: { email_verified: false } }),
      expected: unverifiedEmail('claimValidationRules[0]'),
    },
    {
      name: 'refuses an account that was deleted and made anew the role of the old unique ID',
      role: 'reports_ro',
      token: change(nightly, { claims: { sub: '118273645546372819100' } }),
      expected: notPermitted('reports_ro', 'nightly'),
    },
    {
      name: 'refuses a token for another service',
      role: 'shop-cart',
      token: change(cart, { claims: { aud: 'https://cart-a1b2c3-ey.a.run.app' } }),
      expected: wrongAudience('"https://cart-a1b2c3-ey.a.run.app"', '"postgres.example.com"'),
    },
    {
      name: 'refuses a token for twelve hours',
      role: 'shop-cart',
      token: change(cart, { claims: { exp: NOW - 600 + 43_200 } }),
      expected: tooLong('12 h', '60 min'),
    },
    {
      name: 'refuses a token that the account has signed itself, with a key of its own',
      role: 'shop-cart',
      token: change(cart, { key: 'rsa-other' }),
      expected: wrongSignature(kid),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'shop-cart',
      token: change(cart, { header: { alg: 'RS512' } }),
      expected: wrongAlgorithm('RS512', 'RS256'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: cart,
      expected: protectedName(),
    },
    {
      name: 'refuses somebody who is called like the role of backups',
      role: 'barman',
      token: change(cart, {
        claims: { email: 'barman@example-project.iam.gserviceaccount.com' },
      }),
      expected: protectedName('barman'),
    },
  ],
};
