// Names of claims that read like paths.
import { expect, it } from 'vitest';

import { entryWith, hintsOf, warningsOf } from '../warnings-of.ts';

const told = (claim: string): string =>
  `${JSON.stringify(claim)} is looked up as the name of a claim, dots and slashes and all, not as a path`;

it('are told wherever a claim is written', async () => {
  const claim = 'kubernetes.io/namespace';
  expect(
    await warningsOf(
      entryWith({
        token: { requiredClaims: ['jti', claim] },
        oauth: { identity: claim },
        claimValidationRules: [{ claim, forbidden: true }],
        roles: [{ claim: 'sub' }, { claim }],
      }),
    ),
  ).toEqual([
    `issuers[0].roles[1].claim: ${told(claim)}`,
    `issuers[0].token.requiredClaims[1]: ${told(claim)}`,
    `issuers[0].oauth.identity: ${told(claim)}`,
    `issuers[0].claimValidationRules[0].claim: ${told(claim)}`,
  ]);
});

it.each([
  ['kubernetes.io/namespace', '/kubernetes.io/namespace', '/kubernetes.io~1namespace'],
  ['kubernetes.io.namespace', '/kubernetes.io/namespace', '/kubernetes.io.namespace'],
  ['realm_access.roles', '/realm_access/roles', '/realm_access.roles'],
  [
    'resource_access.my-app.roles',
    '/resource_access/my-app/roles',
    '/resource_access.my-app.roles',
  ],
  [
    'federated_claims.connector_id',
    '/federated_claims/connector_id',
    '/federated_claims.connector_id',
  ],
  ['user.roles', '/user/roles', '/user.roles'],
  // No host: none has an underscore, and it is the first or the last label that tells.
  ['app_metadata.org', '/app_metadata/org', '/app_metadata.org'],
  ['resource.app.roles', '/resource/app/roles', '/resource.app.roles'],
  ['$.realm_access.roles', '/realm_access/roles', '/$.realm_access.roles'],
  ["$['realm_access']['roles'][*]", '/realm_access/roles', "/$['realm_access']['roles'][*]"],
  ['$.groups[0]', '/groups/0', '/$.groups[0]'],
  ['$["https://a.example/x~y"]', '/https:~1~1a.example~1x~0y', '/$["https:~1~1a.example~1x~0y"]'],
])('%s is told, with the path %s', async (claim, pointer, name) => {
  const entry = entryWith({ roles: [{ claim }] });
  expect(await warningsOf(entry)).toEqual([`issuers[0].roles[0].claim: ${told(claim)}`]);
  expect(await hintsOf(entry)).toEqual([
    `Write ${JSON.stringify(pointer)} if a member of a claim is meant, or ${JSON.stringify(name)} if the claim is called so.`,
  ]);
  // The advice is free of it.
  for (const other of [pointer, name]) {
    expect(await warningsOf(entryWith({ roles: [{ claim: other }] }))).toEqual([]);
  }
});

it.each([
  '/kubernetes.io/namespace',
  '/realm_access/roles',
  'groups',
  'preferred_username',
  'https://example.com/roles',
  'urn:a/b',
  'urn:zitadel:iam:org:project:roles',
  'cognito:groups',
  'kubernetes.io',
  'example.com',
  'com.example.roles',
  'roles.example.org',
  'a..b',
  'a$.b',
  'cognito:user.groups',
  'cognito:user/groups',
  'user.roles:all',
  '$.',
  '$[',
  'x5t#S256',
  '$',
])('%s is not', async (claim) => {
  expect(await warningsOf(entryWith({ roles: [{ claim }] }))).toEqual([]);
});
