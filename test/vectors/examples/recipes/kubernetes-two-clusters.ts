// Two clusters with one issuer: a token gets the roles of the cluster whose key signed it, and no others.
import { change, type ExampleRecipe, granted, NOW, publish } from './recipe.ts';
import {
  byEntry,
  notPermitted,
  protectedRole,
  tooLong,
  unknownKey,
  wrongAlgorithm,
  wrongAudience,
  wrongSignature,
} from './refusals.ts';
import { KUBERNETES_KID, OTHER_KUBERNETES_KID, podToken } from './service-account.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';
const account = { issuer, namespace: 'shop', account: 'cart' };
const eu = podToken(account);
const us = podToken({ ...account, key: 'rsa-other', kid: OTHER_KUBERNETES_KID });
const service = 'postgresql-k8s';
const fromEU = { service, source: '10.1.4.7' };
const fromUS = { service, source: '10.2.4.7' };
const wrongService = byEntry('prod-eu', {
  code: 'ERR_SERVICE_NOT_PERMITTED',
  message: 'PAM service "postgresql-people"; expected "postgresql-k8s" (pam.services)',
});
const twelveHours = NOW - 60 + 43_200;

export const kubernetesTwoClusters: ExampleRecipe = {
  published: {
    'prod-eu': { keys: [publish('rsa', KUBERNETES_KID, 'RS256')] },
    'prod-us': { keys: [publish('rsa-other', OTHER_KUBERNETES_KID, 'RS256')] },
  },
  vectors: [
    {
      name: 'grants a pod of the first cluster its role there',
      ...fromEU,
      role: 'eu:shop:cart',
      token: eu,
      expected: granted('prod-eu'),
    },
    {
      name: 'grants a pod of the second cluster its role there',
      ...fromUS,
      role: 'us:shop:cart',
      token: us,
      expected: granted('prod-us'),
    },
    {
      name: 'refuses a pod of the first cluster the role of its namesake in the second',
      ...fromEU,
      role: 'us:shop:cart',
      token: eu,
      expected: byEntry('prod-eu', notPermitted('us:shop:cart', 'eu:shop:cart')),
    },
    {
      name: 'refuses a pod of the second cluster the role of its namesake in the first',
      ...fromUS,
      role: 'eu:shop:cart',
      token: us,
      expected: byEntry('prod-us', notPermitted('eu:shop:cart', 'us:shop:cart')),
    },
    {
      name: 'refuses a token of the first cluster that comes from the network of the second',
      ...fromUS,
      role: 'eu:shop:cart',
      token: eu,
      expected: byEntry('prod-us', unknownKey(KUBERNETES_KID)),
    },
    {
      name: 'refuses a token of the second cluster that comes from the network of the first',
      ...fromEU,
      role: 'us:shop:cart',
      token: us,
      expected: byEntry('prod-eu', unknownKey(OTHER_KUBERNETES_KID)),
    },
    {
      name: 'refuses a token of the first cluster in the service for people',
      service: 'postgresql-people',
      source: fromEU.source,
      role: 'eu:shop:cart',
      token: eu,
      expected: wrongService,
    },
    {
      name: 'refuses a token of the second cluster in the service for people',
      service: 'postgresql-people',
      source: fromUS.source,
      role: 'us:shop:cart',
      token: us,
      expected: wrongService,
    },
    {
      name: 'refuses a token with the name of a key and the signature of another cluster',
      ...fromEU,
      role: 'eu:shop:cart',
      token: change(eu, { key: 'rsa-other' }),
      expected: byEntry('prod-eu', wrongSignature(KUBERNETES_KID)),
    },
    {
      name: 'refuses another audience',
      ...fromEU,
      role: 'eu:shop:cart',
      token: change(eu, { claims: { aud: ['vault'] } }),
      expected: byEntry('prod-eu', wrongAudience('"vault"', '"postgres"')),
    },
    ...[
      { ...fromEU, role: 'eu:shop:cart', token: eu, entry: 'prod-eu' },
      { ...fromUS, role: 'us:shop:cart', token: us, entry: 'prod-us' },
    ].flatMap(({ entry, token, ...request }) => [
      {
        ...request,
        name: `refuses a token of ${entry} for twelve hours`,
        token: change(token, { claims: { exp: twelveHours } }),
        expected: byEntry(entry, tooLong('12 h', '60 min')),
      },
      {
        ...request,
        name: `refuses a token of ${entry} with another algorithm, although the signature is good`,
        token: change(token, { header: { alg: 'PS256' } }),
        expected: byEntry(entry, wrongAlgorithm('PS256', 'RS256')),
      },
    ]),
    {
      name: 'refuses the superuser',
      ...fromUS,
      role: 'postgres',
      token: us,
      expected: byEntry('prod-us', protectedRole()),
    },
  ],
};
