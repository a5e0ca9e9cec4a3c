// Zitadel: an ID token whose aud holds the project and its applications; roles are names of an object, below each the
// organizations that have given it. IDs are texts of digits; iat and exp are widened by the clock skew of the application.
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  missingClaim,
  noRole,
  notPermitted,
  protectedRole,
  tooLong,
  unknownIssuer,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
} from './refusals.ts';

const kid = '298147236510927361';
const issuer = 'https://example-a1b2c3.zitadel.cloud';
const project = '257713952794870157';
const application = '257714027772314751';
const organization = '257712562366317695';
const partner = '261111111111111111';
const owner = 'urn:zitadel:iam:user:resourceowner:id';
const roles = 'urn:zitadel:iam:org:project:roles';

const alice: TokenRecipe = {
  key: 'rsa',
  header: { alg: 'RS256', kid, typ: 'JWT' },
  claims: {
    amr: ['pwd', 'user', 'mfa', 'otp'],
    at_hash: '5nUq6kXWT8GheCNvDNdyow',
    aud: [application, project],
    auth_time: NOW - 1800,
    azp: application,
    client_id: application,
    exp: NOW + 3545,
    iat: NOW - 65,
    iss: issuer,
    sid: 'V1_257718000000000000',
    sub: '257712562366383231',
    [roles]: { dba: { [organization]: 'example.com' } },
    [`urn:zitadel:iam:org:project:${project}:roles`]: { dba: { [organization]: 'example.com' } },
    [owner]: organization,
    'urn:zitadel:iam:user:resourceowner:name': 'Example',
    'urn:zitadel:iam:user:resourceowner:primary_domain': 'example.com',
  },
};

export const zitadel: ExampleRecipe = {
  published: { zitadel: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a person with a role of the project its roles',
      role: 'dba_rw',
      token: alice,
      expected: granted('zitadel'),
    },
    {
      name: 'grants another role of the project',
      role: 'analyst',
      token: change(alice, { claims: { [roles]: { analyst: { [organization]: 'example.com' } } } }),
      expected: granted('zitadel'),
    },
    {
      name: 'refuses a person of another organization to which the project is granted',
      role: 'dba_rw',
      token: change(alice, {
        claims: {
          [owner]: partner,
          [roles]: { dba: { [partner]: 'partner.example.net' } },
        },
      }),
      expected: wrongClaim(owner, `"${partner}"`, `"${organization}"`, 0),
    },
    {
      name: 'refuses a role that only another organization has given',
      role: 'dba_rw',
      token: change(alice, { claims: { [roles]: { dba: { [partner]: 'partner.example.net' } } } }),
      expected: noRole('dba_rw'),
    },
    {
      name: 'refuses a token that does not name the organization, as without the scope',
      role: 'dba_rw',
      token: change(alice, { claims: { [owner]: undefined } }),
      expected: missingClaim(owner, `"${organization}"`, 0),
    },
    {
      name: 'refuses a role of the project that the person has not',
      role: 'dba_rw',
      token: change(alice, { claims: { [roles]: { analyst: { [organization]: 'example.com' } } } }),
      expected: notPermitted('dba_rw', 'analyst'),
    },
    {
      name: 'refuses another instance',
      role: 'dba_rw',
      token: change(alice, {
        key: 'rsa-other',
        claims: { iss: 'https://other-d4e5f6.zitadel.cloud' },
      }),
      expected: unknownIssuer('https://other-d4e5f6.zitadel.cloud', issuer),
    },
    {
      name: 'refuses an application of another project',
      role: 'dba_rw',
      token: change(alice, { claims: { aud: ['260000000000000001', '260000000000000000'] } }),
      expected: wrongAudience('"260000000000000001", "260000000000000000"', `"${project}"`),
    },
    {
      name: 'refuses the 12 hours that Zitadel gives by itself',
      role: 'dba_rw',
      token: change(alice, { claims: { exp: NOW - 65 + 43_210 } }),
      expected: tooLong('12 h', '65 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'dba_rw',
      token: change(alice, { header: { alg: 'PS256' } }),
      expected: wrongAlgorithm('PS256', 'RS256'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: alice,
      expected: protectedRole(),
    },
  ],
};
