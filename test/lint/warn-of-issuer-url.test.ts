// Issuers and values that no token has.
import { expect, it } from 'vitest';

import { entryWith, hintsOf, warningsOf } from './warnings-of.ts';

it.each([
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
  '/.well-known/',
  '/.well-known',
])('an issuer that ends in %s is told', async (ending) => {
  const entry = entryWith({}, `https://sso.example.com/realms/people${ending}`);
  expect(await warningsOf(entry)).toEqual([
    `issuers[0].issuer.url: it ends in "${ending}", as the iss of no token does: nobody could log in`,
  ]);
  expect(await hintsOf(entry)).toEqual([
    `Take "${ending}" off: the iss of the tokens is what stands before it.`,
  ]);
});

it('an issuer that has such a name elsewhere is not', async () => {
  for (const path of ['well-known', '.well-known-people', 'a.well-known/x']) {
    expect(await warningsOf(entryWith({}, `https://sso.example.com/${path}`))).toEqual([]);
  }
});

it('a placeholder is told wherever it is written', async () => {
  const told = (path: string, placeholder: string): string =>
    `issuers[0].${path}: "${placeholder}" reads like a placeholder, and is taken as it stands: nothing is filled in`;
  expect(
    await warningsOf({
      name: 'a',
      issuer: {
        url: 'https://login.example.com/{tenantid}/v2.0',
        audiences: ['a', '<client>'],
        audienceMatchPolicy: 'MatchAny',
      },
      claimValidationRules: [{ claim: 'hd', requiredValues: ['x', '${DOMAIN}'] }],
      roles: [
        { claim: 'sub', pattern: String.raw`(?P<name>\p{Greek}+)`, role: String.raw`\1` },
        { claim: 'groups', equals: '<group>', role: ['x', '<role>'] },
      ],
    }),
  ).toEqual([
    told('issuer.url', '{tenantid}'),
    told('issuer.audiences[1]', '<client>'),
    told('claimValidationRules[0].requiredValues[1]', '${DOMAIN}'),
    told('roles[1].equals', '<group>'),
    told('roles[1].role[1]', '<role>'),
  ]);
});
