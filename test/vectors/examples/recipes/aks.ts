// Azure Kubernetes Service: the issuer's URL ends in a slash.
import { change, type ExampleRecipe, granted, NOW, publish } from './recipe.ts';
import {
  cut,
  noRole,
  notPermitted,
  protectedRole,
  tooLong,
  wrongAlgorithm,
  wrongAudience,
} from './refusals.ts';
import { boundToNothing, KUBERNETES_KID, notBound, podToken } from './service-account.ts';

const region = 'https://germanywestcentral.oic.prod-aks.azure.com';
const tenant = '11111111-1111-1111-1111-111111111111';
const issuer = `${region}/${tenant}/22222222-2222-2222-2222-222222222222/`;
const account = { issuer, namespace: 'shop', account: 'card-service' };
const card = podToken(account);
const nightly = podToken({ issuer, namespace: 'reporting', account: 'nightly' });

export const aks: ExampleRecipe = {
  published: { aks: { keys: [publish('rsa', KUBERNETES_KID, 'RS256')] } },
  vectors: [
    {
      name: 'grants a pod of shop the role of its service account',
      role: 'card_service',
      token: card,
      expected: granted('aks'),
    },
    {
      name: 'grants any pod of reporting the role of all of them',
      role: 'reporting_ro',
      token: nightly,
      expected: granted('aks'),
    },
    {
      name: 'refuses a pod of shop the role of reporting',
      role: 'reporting_ro',
      token: card,
      expected: notPermitted('reporting_ro', 'card_service'),
    },
    {
      name: 'refuses a pod of another namespace',
      role: 'coredns',
      token: podToken({ issuer, namespace: 'kube-system', account: 'coredns' }),
      expected: noRole('coredns'),
    },
    {
      name: 'refuses an issuer without the slash at its end, and says so',
      role: 'card_service',
      token: podToken({ ...account, issuer: issuer.slice(0, -1) }),
      expected: {
        code: 'ERR_ISSUER_UNKNOWN',
        message: `issuer ${cut(issuer.slice(0, -1))} is not configured; it differs from ${cut(issuer)} of entry aks only in case or a trailing slash`,
      },
    },
    {
      name: 'refuses the token of workload identity',
      role: 'card_service',
      token: change(card, { claims: { aud: ['api://AzureADTokenExchange'] } }),
      expected: wrongAudience('"api://AzureADTokenExchange"', '"postgres"'),
    },
    {
      name: 'refuses what kubectl create token gives, which is bound to no pod',
      role: 'card_service',
      token: boundToNothing(card, account),
      expected: notBound(),
    },
    {
      name: 'refuses a token for a day',
      role: 'card_service',
      token: change(card, { claims: { exp: NOW - 60 + 86_400 } }),
      expected: tooLong('24 h', '60 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'card_service',
      token: change(card, { header: { alg: 'PS512' } }),
      expected: wrongAlgorithm('PS512', 'RS256'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: card,
      expected: protectedRole(),
    },
  ],
};
