// AWS STS, web identity tokens (outbound identity federation): ES384, AWS's claims below "https://sts.amazonaws.com/". Every
// account has an issuer of its own, and keys of the same names.
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  missingClaim,
  noRole,
  protectedRole,
  tooLong,
  unknownIssuer,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
  wrongSignature,
} from './refusals.ts';

const issuer = 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws';
const other = 'https://99999999-2222-3333-4444-555555555555.tokens.sts.global.api.aws';
const account = '/https:~1~1sts.amazonaws.com~1/aws_account';
const context = {
  aws_account: '123456789012',
  source_region: 'eu-central-1',
  org_id: 'o-abc1234567',
  ou_path: 'o-abc1234567/r-ab12/ou-ab12-11111111/ou-ab12-22222222/',
  principal_tags: { environment: 'production', team: 'shop' },
};
const under = (claims: object): Readonly<Record<string, unknown>> => ({
  'https://sts.amazonaws.com/': { ...context, ...claims },
});

const cart: TokenRecipe = {
  key: 'es384',
  header: { kid: 'EC384_0', typ: 'JWT', alg: 'ES384' },
  claims: {
    aud: 'postgres.example.com',
    sub: 'arn:aws:iam::123456789012:role/shop-cart',
    ...under({
      ec2_source_instance_arn: 'arn:aws:ec2:eu-central-1:123456789012:instance/i-0abc123def456',
      original_session_exp: '2026-12-01T13:40:00Z',
    }),
    iss: issuer,
    exp: NOW + 240,
    iat: NOW - 60,
    jti: '7d2f4c1e-9a3b-4e5d-8c6f-0b1a2d3e4f5a',
  },
};
const nightly = change(cart, {
  claims: {
    sub: 'arn:aws:iam::123456789012:role/nightly-execution',
    ...under({
      lambda_source_function_arn: 'arn:aws:lambda:eu-central-1:123456789012:function:nightly',
    }),
  },
});

export const awsSTS: ExampleRecipe = {
  published: {
    aws: {
      keys: [
        { key: 'rsa', members: { kid: 'RSA_0', use: 'sig' } },
        publish('es384', 'EC384_0', 'ES384'),
      ],
    },
  },
  vectors: [
    {
      name: 'grants an IAM role its role',
      role: 'shop_cart',
      token: cart,
      expected: granted('aws'),
    },
    {
      name: 'grants a Lambda function its role',
      role: 'reports_ro',
      token: nightly,
      expected: granted('aws'),
    },
    {
      name: 'refuses a token of another account, which has another issuer',
      role: 'shop_cart',
      token: change(cart, {
        key: 'es384-other',
        claims: {
          iss: other,
          sub: 'arn:aws:iam::999999999999:role/shop-cart',
          ...under({ aws_account: '999999999999' }),
        },
      }),
      expected: unknownIssuer(other, issuer),
    },
    {
      name: 'refuses a token that another account signed in the name of this one',
      role: 'shop_cart',
      token: change(cart, { key: 'es384-other' }),
      expected: wrongSignature('EC384_0', 'ES384'),
    },
    {
      name: 'refuses a token that names another account',
      role: 'shop_cart',
      token: change(cart, { claims: under({ aws_account: '999999999999' }) }),
      expected: wrongClaim(account, '"999999999999"', '"123456789012"', 0),
    },
    {
      name: "refuses a token without AWS's claims",
      role: 'shop_cart',
      token: change(cart, { claims: { 'https://sts.amazonaws.com/': undefined } }),
      expected: missingClaim(account, '"123456789012"', 0),
    },
    {
      name: 'refuses another IAM role of the account',
      role: 'shop_cart',
      token: change(cart, { claims: { sub: 'arn:aws:iam::123456789012:role/shop-cart-test' } }),
      expected: noRole('shop_cart'),
    },
    {
      name: 'refuses a function that the caller only claims to be, in a request tag',
      role: 'reports_ro',
      token: change(cart, {
        claims: {
          sub: 'arn:aws:iam::123456789012:role/intern',
          ...under({
            request_tags: {
              lambda_source_function_arn:
                'arn:aws:lambda:eu-central-1:123456789012:function:nightly',
            },
          }),
        },
      }),
      expected: noRole('reports_ro'),
    },
    {
      name: 'refuses a token for another service',
      role: 'shop_cart',
      token: change(cart, { claims: { aud: 'https://api.example.com' } }),
      expected: wrongAudience('"https://api.example.com"', '"postgres.example.com"'),
    },
    {
      name: 'refuses a token for an hour',
      role: 'shop_cart',
      token: change(cart, { claims: { exp: NOW - 60 + 3600 } }),
      expected: tooLong('60 min', '15 min'),
    },
    {
      name: 'refuses the other algorithm that AWS has, although the signature is good',
      role: 'shop_cart',
      token: change(cart, { key: 'rsa', header: { alg: 'RS256', kid: 'RSA_0' } }),
      expected: wrongAlgorithm('RS256', 'ES384'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: cart,
      expected: protectedRole(),
    },
  ],
};
