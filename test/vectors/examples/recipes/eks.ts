// Amazon EKS: kid of 40 hexadecimal digits; the issuer is the cluster's own, so that another cluster is another issuer.
import { change, type ExampleRecipe, granted, NOW, publish } from './recipe.ts';
import {
  protectedRole,
  tooLong,
  unknownIssuer,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
  wrongSignature,
} from './refusals.ts';
import { boundToNothing, notBound, podToken } from './service-account.ts';

const issuer = 'https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE';
const other = 'https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLEB00B74D4AA1C6E6EF2EXAMPLE';
const kid = '2284a5c7e9f1b3d5a7c9e1f3b5d7a9c1e3f54a40';
const account = { issuer, kid, namespace: 'shop', account: 'cart' };
const cart = podToken(account);

export const eks: ExampleRecipe = {
  published: { eks: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a pod the role of its service account',
      role: 'shop:cart',
      token: cart,
      expected: granted('eks'),
    },
    {
      name: 'grants a pod of the other namespace',
      role: 'reporting:nightly',
      token: podToken({ ...account, namespace: 'reporting', account: 'nightly' }),
      expected: granted('eks'),
    },
    {
      name: 'refuses the token of IAM roles for service accounts',
      role: 'shop:cart',
      token: change(cart, { claims: { aud: ['sts.amazonaws.com'], exp: NOW - 60 + 86_400 } }),
      expected: wrongAudience('"sts.amazonaws.com"', '"postgres"'),
    },
    {
      name: 'refuses a token of another cluster',
      role: 'shop:cart',
      token: podToken({ ...account, issuer: other, key: 'rsa-other' }),
      expected: unknownIssuer(other, issuer),
    },
    {
      name: 'refuses a token that another cluster signed in the name of this one',
      role: 'shop:cart',
      token: podToken({ ...account, key: 'rsa-other' }),
      expected: wrongSignature(kid),
    },
    {
      name: 'refuses a pod of another namespace',
      role: 'kube-system:coredns',
      token: podToken({ ...account, namespace: 'kube-system', account: 'coredns' }),
      expected: wrongClaim(
        '/kubernetes.io/namespace',
        '"kube-system"',
        'one of "shop", "reporting"',
        0,
      ),
    },
    {
      name: 'refuses what kubectl create token gives, which is bound to no pod',
      role: 'shop:cart',
      token: boundToNothing(cart, account),
      expected: notBound(),
    },
    {
      name: 'refuses a token for a day',
      role: 'shop:cart',
      token: change(cart, { claims: { exp: NOW - 60 + 86_400 } }),
      expected: tooLong('24 h', '60 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'shop:cart',
      token: change(cart, { header: { alg: 'RS384' } }),
      expected: wrongAlgorithm('RS384', 'RS256'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: cart,
      expected: protectedRole(),
    },
  ],
};
