// SPIFFE: JWT-SVIDs as SPIRE issues them, with aud, exp, iat and sub and nothing else; iss only where the server has one.
// In a bundle, keys for JWT-SVIDs stand beside those for X.509-SVIDs, and name no algorithm.
import { change, type ExampleRecipe, granted, NOW, type TokenRecipe } from './recipe.ts';
import {
  noRole,
  notPermitted,
  protectedRole,
  tooLong,
  unknownKey,
  wrongAlgorithm,
  wrongAudience,
} from './refusals.ts';

const service = 'postgresql-spiffe';
const kid = 'RXrGwhR2x2lqEAQfOpX1qpbs14rwztYG';
const partnerKid = 'b2HrT5nXcKqW8mZyL4sVd0PjU7gFaE3o';

const cart: TokenRecipe = {
  key: 'es256',
  header: { alg: 'ES256', kid, typ: 'JWT' },
  claims: {
    aud: ['postgres'],
    exp: NOW + 240,
    iat: NOW - 60,
    sub: 'spiffe://prod.example.org/ns/shop/sa/cart',
  },
};
const partner: TokenRecipe = {
  key: 'rsa',
  header: { alg: 'RS256', kid: partnerKid, typ: 'JWT' },
  claims: {
    ...cart.claims,
    iss: 'https://oidc.partner.example.net',
    sub: 'spiffe://partner.example.net/billing/export',
  },
};

export const spiffe: ExampleRecipe = {
  published: {
    prod: {
      members: { spiffe_sequence: 41, spiffe_refresh_hint: 300 },
      keys: [
        { key: 'es384', members: { use: 'x509-svid' } },
        { key: 'es256', members: { use: 'jwt-svid', kid } },
      ],
    },
    partner: {
      members: { spiffe_sequence: 7, spiffe_refresh_hint: 300 },
      keys: [{ key: 'rsa', members: { use: 'jwt-svid', kid: partnerKid } }],
    },
  },
  vectors: [
    {
      name: 'grants a workload the role of its SPIFFE ID',
      role: 'shop:cart',
      service,
      token: cart,
      expected: granted('prod'),
    },
    {
      name: 'grants the one workload of the partner, whatever its iss',
      role: 'partner_export',
      service,
      token: partner,
      expected: granted('partner'),
    },
    {
      name: 'refuses another workload of the partner',
      role: 'partner_export',
      service,
      token: change(partner, { claims: { sub: 'spiffe://partner.example.net/billing/import' } }),
      expected: noRole('partner_export'),
    },
    {
      name: 'refuses a workload of another trust domain',
      role: 'shop:cart',
      service,
      token: change(cart, {
        key: 'es256-other',
        claims: { sub: 'spiffe://test.example.org/ns/shop/sa/cart' },
      }),
      expected: {
        code: 'ERR_ISSUER_UNKNOWN',
        message:
          'trust domain "test.example.org" is not configured; expected "prod.example.org", "partner.example.net"',
      },
    },
    {
      name: 'refuses an ID of this trust domain that the partner signed',
      role: 'shop:cart',
      service,
      token: change(partner, { claims: { sub: cart.claims['sub'] }, header: { alg: 'RS256' } }),
      expected: wrongAlgorithm('RS256', 'ES256'),
    },
    {
      name: 'refuses a token that is signed with a key for X.509-SVIDs',
      role: 'shop:cart',
      service,
      token: change(cart, { key: 'es384', header: { alg: 'ES384', kid: undefined } }),
      expected: wrongAlgorithm('ES384', 'ES256'),
    },
    {
      name: 'refuses a key that is not in the bundle',
      role: 'shop:cart',
      service,
      token: change(cart, { key: 'es256-other', header: { kid: partnerKid } }),
      expected: unknownKey(partnerKid),
    },
    {
      name: 'refuses a SPIFFE ID with empty segments, which would read like another',
      role: 'shop:cart',
      service,
      token: change(cart, { claims: { sub: 'spiffe://prod.example.org/ns//shop/sa/cart' } }),
      expected: {
        code: 'ERR_CLAIM_REJECTED',
        message:
          'sub is "spiffe://prod.example.org/ns//shop/sa/cart"; expected a SPIFFE ID of trust domain "prod.example.org"',
      },
    },
    {
      name: 'refuses a token for another service',
      role: 'shop:cart',
      service,
      token: change(cart, { claims: { aud: ['spiffe://prod.example.org/ns/shop/sa/orders'] } }),
      expected: wrongAudience('"spiffe://prod.example.org/ns/shop/sa/orders"', '"postgres"'),
    },
    {
      name: 'refuses the role of another workload',
      role: 'shop:orders',
      service,
      token: cart,
      expected: notPermitted('shop:orders', 'shop:cart'),
    },
    ...[
      { token: cart, role: 'shop:cart' },
      { token: partner, role: 'partner_export' },
    ].flatMap(({ token, role }) => [
      {
        name: `refuses ${role} a token for two hours`,
        role,
        service,
        token: change(token, { claims: { exp: NOW - 60 + 7200 } }),
        expected: tooLong('2 h', '60 min'),
      },
      {
        name: `refuses ${role} in another PAM service`,
        role,
        service: 'postgresql-k8s',
        token,
        expected: {
          code: 'ERR_SERVICE_NOT_PERMITTED' as const,
          message: 'PAM service "postgresql-k8s"; expected "postgresql-spiffe" (pam.services)',
        },
      },
    ]),
    {
      name: 'refuses the partner another algorithm, although the signature is good',
      role: 'partner_export',
      service,
      token: change(partner, { header: { alg: 'PS256' } }),
      expected: wrongAlgorithm('PS256', 'RS256'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      service,
      token: cart,
      expected: protectedRole(),
    },
  ],
};
