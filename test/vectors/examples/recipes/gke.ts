// Google Kubernetes Engine: the issuer's URL names project, location and cluster.
import { change, type ExampleRecipe, granted, NOW, publish } from './recipe.ts';
import {
  notPermitted,
  protectedRole,
  tooLong,
  unknownIssuer,
  wrongAlgorithm,
  wrongAudience,
} from './refusals.ts';
import { boundToNothing, KUBERNETES_KID, notBound, podToken } from './service-account.ts';

const project =
  'https://container.googleapis.com/v1/projects/example-project/locations/europe-west3';
const issuer = `${project}/clusters/prod`;
const account = { issuer, namespace: 'shop', account: 'cart' };
const cart = podToken(account);
const longName = podToken({
  issuer,
  namespace: 'analytics-quarterly-reports',
  account: 'warehouse-export-for-the-finance-department',
});

export const gke: ExampleRecipe = {
  published: { gke: { keys: [publish('rsa', KUBERNETES_KID, 'RS256')] } },
  vectors: [
    {
      name: 'grants a pod the role of its service account',
      role: 'shop:cart',
      token: cart,
      expected: granted('gke'),
    },
    {
      name: 'grants a pod with a long name its shortened role',
      role: 'analytics-quarterly-reports:warehouse-export-for-the-f_abdec56a',
      token: longName,
      expected: granted('gke'),
    },
    {
      name: 'refuses a pod with a long name the first 63 bytes of it',
      role: 'analytics-quarterly-reports:warehouse-export-for-the-finance-de',
      token: longName,
      expected: notPermitted(
        'analytics-quarterly-reports:warehouse-export-for-the-finance-de',
        'analytics-quarterly-reports:warehouse-export-for-the-f_abdec56a',
      ),
    },
    {
      name: 'refuses a token of another cluster of the same project',
      role: 'shop:cart',
      token: podToken({ ...account, issuer: `${project}/clusters/test`, key: 'rsa-other' }),
      expected: unknownIssuer(`${project}/clusters/test`, issuer),
    },
    {
      name: 'refuses a token for the workload identity pool of the project',
      role: 'shop:cart',
      token: change(cart, { claims: { aud: ['example-project.svc.id.goog'] } }),
      expected: wrongAudience('"example-project.svc.id.goog"', '"postgres"'),
    },
    {
      name: 'refuses what kubectl create token gives, which is bound to no pod',
      role: 'shop:cart',
      token: boundToNothing(cart, account),
      expected: notBound(),
    },
    {
      name: 'refuses a token for twelve hours',
      role: 'shop:cart',
      token: change(cart, { claims: { exp: NOW - 60 + 43_200 } }),
      expected: tooLong('12 h', '60 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'shop:cart',
      token: change(cart, { header: { alg: 'PS256' } }),
      expected: wrongAlgorithm('PS256', 'RS256'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: cart,
      expected: protectedRole(),
    },
    {
      name: 'refuses the role of another service account',
      role: 'shop:checkout',
      token: cart,
      expected: notPermitted('shop:checkout', 'shop:cart'),
    },
  ],
};
