// Single sign-on.
import {
  DOMAIN_FORM,
  LABEL_FORM,
  NUMBER_FORM,
  TEXT_FORM,
  URL_FORM,
  UUID_FORM,
  WORD_FORM,
} from '../forms.ts';
import type { Kind, Parameter, SwitchParameter, ValueParameter } from '../kind.ts';
import { isEntra, REGISTRATION, TENANT, tokenVersion } from './entra.ts';

const SERVICE = 'postgresql-people';

function issuer(replaces: string): ValueParameter {
  return {
    kind: 'value',
    name: 'url',
    asks: "The issuer's URL, as its discovery document names it",
    form: URL_FORM,
    replaces,
  };
}

function client(replaces: string): ValueParameter {
  return {
    kind: 'value',
    name: 'audience',
    asks: 'The ID of the client that people get their tokens by',
    form: TEXT_FORM,
    replaces,
    ...(replaces === 'postgres' ? { keys: ['audiences'] } : {}),
  };
}

function groups(claim = 'groups'): Parameter {
  return {
    kind: 'grant',
    name: 'group-role',
    asks: 'Which group may be which role',
    form: TEXT_FORM,
    claim,
  };
}

/** Off unless asked for: who chooses a name, chooses a role. */
function userNames(claim: string): SwitchParameter {
  return {
    kind: 'switch',
    name: 'user-names',
    asks: 'Whether everybody may be the role of their user name; not where people choose it themselves',
    rule: `claim: ${claim}, pattern`,
    default: 'no',
  };
}

/** In the order of docs/start/examples.md. */
export const PEOPLE_KINDS: readonly Kind[] = [
  {
    name: 'keycloak',
    service: SERVICE,
    entry: 'keycloak',
    parameters: [
      issuer('https://sso.example.com/realms/people'),
      client('postgres'),
      {
        kind: 'list',
        name: 'admitted-groups',
        asks: 'The groups whose members may log in at all, such as /dba',
        form: TEXT_FORM,
        replaces: ['/dba', '/analysts'],
      },
      groups(),
      userNames('preferred_username'),
    ],
    isIssuer: ({ pathname }) => /\/realms\/[^/]+$/.test(pathname),
  },
  {
    name: 'okta',
    service: SERVICE,
    entry: 'okta',
    parameters: [
      issuer('https://example.okta.com'),
      client('0oab1c2d3e4f5g6h7i8j'),
      {
        kind: 'value',
        name: 'group-prefix',
        asks: 'What the names of the groups have in front of the role',
        form: TEXT_FORM,
        replaces: 'pg-',
        keys: ['trimPrefix'],
        default: 'pg-',
      },
    ],
    isIssuer: ({ hostname }) => /\.okta(?:preview|-emea)?\.com$/.test(hostname),
  },
  {
    name: 'auth0',
    service: SERVICE,
    entry: 'auth0',
    parameters: [
      issuer('https://example.eu.auth0.com/'),
      {
        kind: 'value',
        name: 'audience',
        asks: 'The identifier of the API',
        form: TEXT_FORM,
        replaces: 'https://postgres.example.com',
      },
      {
        kind: 'value',
        name: 'permission-prefix',
        asks: 'What the names of the permissions have in front of the role',
        form: TEXT_FORM,
        replaces: 'role:',
        keys: ['trimPrefix'],
        default: 'role:',
      },
    ],
    isIssuer: ({ hostname }) => hostname.endsWith('.auth0.com'),
  },
  {
    name: 'dex',
    service: SERVICE,
    entry: 'dex',
    parameters: [
      issuer('https://dex.example.com'),
      client('postgres'),
      {
        kind: 'value',
        name: 'connector',
        asks: "The id of Dex's connector",
        form: TEXT_FORM,
        replaces: 'corp-ldap',
      },
      groups(),
      userNames('preferred_username'),
    ],
  },
  {
    name: 'authentik',
    service: SERVICE,
    entry: 'authentik',
    parameters: [
      issuer('https://authentik.example.com/application/o/postgres/'),
      client('Xk3vB7nQ2mR9tY5wZ8aC1dF4gH6jK0lPxVbNmQwE'),
      groups(),
    ],
    isIssuer: ({ pathname }) => /^\/application\/o\/[^/]+\/$/.test(pathname),
  },
  {
    name: 'zitadel',
    service: SERVICE,
    entry: 'zitadel',
    parameters: [
      issuer('https://example-a1b2c3.zitadel.cloud'),
      {
        kind: 'value',
        name: 'audience',
        asks: 'The ID of the project',
        form: NUMBER_FORM,
        replaces: '257713952794870157',
      },
      {
        kind: 'value',
        name: 'organization',
        asks: 'The ID of the organization',
        form: NUMBER_FORM,
        replaces: '257712562366317695',
      },
      {
        kind: 'grant',
        name: 'project-role',
        asks: 'Which role of the project may be which role of the database',
        form: WORD_FORM,
        claim: '/urn:zitadel:iam:org:project:roles/WHO/257712562366317695',
        matches: "pattern: '.*'",
      },
    ],
    isIssuer: ({ hostname }) => hostname.endsWith('.zitadel.cloud'),
  },
  {
    name: 'cognito',
    service: SERVICE,
    entry: 'cognito',
    parameters: [
      issuer('https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_a1B2c3D4e'),
      client('7f2q9k3m1p8s5t6v4w0x2y3z1a'),
      groups('"cognito:groups"'),
      userNames('"cognito:username"'),
    ],
    isIssuer: ({ hostname }) => /^cognito-idp\..+\.amazonaws\.com$/.test(hostname),
  },
  {
    name: 'entra-people',
    service: SERVICE,
    namesService: true,
    parameters: [
      TENANT,
      REGISTRATION,
      {
        kind: 'value',
        name: 'scope',
        asks: 'The scope of the registration that people ask for',
        form: LABEL_FORM,
        replaces: 'psql',
        keys: ['requiredValue'],
        default: 'psql',
      },
      tokenVersion('people-v1', 'people-v2'),
      {
        kind: 'grant',
        name: 'group-role',
        asks: 'Which group, by its object ID, may be which role',
        form: UUID_FORM,
        claim: 'groups',
      },
      {
        kind: 'grant',
        name: 'app-role',
        asks: 'Which app role may be which role of the database',
        form: WORD_FORM,
        claim: 'roles',
      },
    ],
    isIssuer: isEntra,
  },
  {
    name: 'google-people',
    service: SERVICE,
    entry: 'google',
    parameters: [
      client('123456789012-a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6.apps.googleusercontent.com'),
      {
        kind: 'value',
        name: 'domain',
        asks: 'The Workspace domain',
        form: DOMAIN_FORM,
        replaces: 'example.com',
      },
    ],
    isIssuer: ({ hostname }) => hostname === 'accounts.google.com',
  },
];
