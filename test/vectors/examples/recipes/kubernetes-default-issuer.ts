// A cluster with the default issuer: nothing but the key tells whose token it is.
import { change, type ExampleRecipe, granted, NOW, publish } from './recipe.ts';
import {
  notPermitted,
  protectedRole,
  tooLong,
  unknownIssuer,
  unknownKey,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
} from './refusals.ts';
import { KUBERNETES_KID, OTHER_KUBERNETES_KID, podToken } from './service-account.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';
const cart = podToken({ issuer, namespace: 'shop', account: 'cart' });

export const kubernetesDefaultIssuer: ExampleRecipe = {
  published: { homelab: { keys: [publish('rsa', KUBERNETES_KID, 'RS256')] } },
  vectors: [
    {
      name: 'grants a pod the role of its service account',
      role: 'shop:cart',
      token: cart,
      expected: granted('homelab'),
    },
    {
      name: 'grants a pod of the other namespace',
      role: 'reporting:nightly',
      token: podToken({ issuer, namespace: 'reporting', account: 'nightly' }),
      expected: granted('homelab'),
    },
    {
      name: 'refuses a token of another cluster with the same issuer',
      role: 'shop:cart',
      token: podToken({
        issuer,
        namespace: 'shop',
        account: 'cart',
        key: 'rsa-other',
        kid: OTHER_KUBERNETES_KID,
      }),
      expected: unknownKey(OTHER_KUBERNETES_KID),
    },
    {
      name: 'refuses a pod of another namespace',
      role: 'kube-system:coredns',
      token: podToken({ issuer, namespace: 'kube-system', account: 'coredns' }),
      expected: wrongClaim(
        '/kubernetes.io/namespace',
        '"kube-system"',
        'one of "shop", "reporting"',
        0,
      ),
    },
    {
      name: 'refuses the token that every pod of k3s has for the API server',
      role: 'shop:cart',
      token: change(cart, { claims: { aud: [issuer, 'k3s'] } }),
      expected: wrongAudience(`"${issuer}", "k3s"`, '"postgres"'),
    },
    {
      name: 'refuses a token for twelve hours, as kubectl create token can make them',
      role: 'shop:cart',
      token: change(cart, { claims: { exp: NOW - 60 + 43_200 } }),
      expected: tooLong('12 h', '60 min'),
    },
    {
      name: 'refuses a legacy token of a Secret, which has another issuer and never expires',
      role: 'shop:cart',
      token: {
        key: 'rsa',
        header: { alg: 'RS256', kid: KUBERNETES_KID },
        claims: {
          iss: 'kubernetes/serviceaccount',
          'kubernetes.io/serviceaccount/namespace': 'shop',
          'kubernetes.io/serviceaccount/secret.name': 'cart-token-x7d2k',
          'kubernetes.io/serviceaccount/service-account.name': 'cart',
          'kubernetes.io/serviceaccount/service-account.uid':
            '5a7c2e1d-8f34-4b6a-9d20-1c3e5f7a9b42',
          sub: 'system:serviceaccount:shop:cart',
        },
      },
      expected: unknownIssuer('kubernetes/serviceaccount', issuer),
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
