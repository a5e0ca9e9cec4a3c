// A cluster with a closed API server, and tokens that must be bound to a pod.
import { change, type ExampleRecipe, granted, NOW, publish } from './recipe.ts';
import {
  notPermitted,
  protectedRole,
  tooLong,
  unknownKey,
  wrongAlgorithm,
  wrongAudience,
} from './refusals.ts';
import {
  boundToNothing,
  KUBERNETES_KID,
  notBound,
  OTHER_KUBERNETES_KID,
  podToken,
} from './service-account.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';
const account = { issuer, namespace: 'shop', account: 'cart' };
const cart = podToken(account);

export const kubernetesClosedAPI: ExampleRecipe = {
  // While a cluster changes its key, it publishes both.
  published: {
    closed: {
      keys: [
        publish('rsa', KUBERNETES_KID, 'RS256'),
        publish('rsa-next', 'mB7yK3wP9dQsX1hC5vLfT8nR2gZjU6eA4oIiVxE0tN7', 'RS256'),
      ],
    },
  },
  vectors: [
    {
      name: 'grants a pod the role of its service account',
      role: 'shop:cart',
      token: cart,
      expected: granted('closed'),
    },
    {
      name: 'grants a pod whose token is signed with the next key',
      role: 'shop:cart',
      token: podToken({
        ...account,
        key: 'rsa-next',
        kid: 'mB7yK3wP9dQsX1hC5vLfT8nR2gZjU6eA4oIiVxE0tN7',
      }),
      expected: granted('closed'),
    },
    {
      name: 'refuses what kubectl create token gives, which is bound to no pod',
      role: 'shop:cart',
      token: boundToNothing(cart, account),
      expected: notBound(),
    },
    {
      name: 'refuses a token of another cluster with the same issuer',
      role: 'shop:cart',
      token: podToken({ ...account, key: 'rsa-other', kid: OTHER_KUBERNETES_KID }),
      expected: unknownKey(OTHER_KUBERNETES_KID, 2),
    },
    {
      name: 'refuses the token that asks for the keys',
      role: 'kube-system:pgtoken',
      token: change(podToken({ issuer, namespace: 'kube-system', account: 'pgtoken' }), {
        claims: { aud: [issuer] },
      }),
      expected: wrongAudience(`"${issuer}"`, '"postgres"'),
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
      token: change(cart, { header: { alg: 'RS512' } }),
      expected: wrongAlgorithm('RS512', 'RS256'),
    },
    {
      name: 'refuses a role of PostgreSQL itself',
      role: 'pg_read_all_data',
      token: cart,
      expected: protectedRole('pg_read_all_data'),
    },
    {
      name: 'refuses the role of another service account',
      role: 'shop:checkout',
      token: cart,
      expected: notPermitted('shop:checkout', 'shop:cart'),
    },
  ],
};
