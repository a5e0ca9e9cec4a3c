// What is permitted and dangerous, and what looks like it and is not.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { findWarnings } from '../../src/lint/find-warnings.ts';
import { loadPolicy } from '../../src/policy/load-policy.ts';
import { formatPath } from '../../src/config/problems.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { type Entry, entryWith, findWarningsIn, warningsOf } from './warnings-of.ts';

/** @param top what stands beside `issuers`. */
async function warningsIn(top: Entry, ...entries: readonly Entry[]) {
  const warnings = await findWarningsIn(entries, top);
  return warnings.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

const entry = entryWith;

describe('an audience', () => {
  it.each([
    ['https://k8s.example.com', 'the issuer itself'],
    ['https://k8s.example.com/', 'the issuer itself'],
    ['https://kubernetes.default.svc', 'the Kubernetes API server'],
    ['https://kubernetes.default.svc.cluster.local', 'the Kubernetes API server'],
    ['k3s', 'the Kubernetes API server'],
    ['sts.amazonaws.com', 'AWS STS'],
    ['api://AzureADTokenExchange', 'Microsoft Entra workload identity'],
    ['https://management.azure.com/', 'a Microsoft API'],
    ['https://graph.microsoft.com', 'a Microsoft API'],
    ['//iam.googleapis.com/projects/1/locations/global', 'Google workload identity federation'],
    ['https://sqladmin.googleapis.com/', 'a Google API'],
    ['vault', 'HashiCorp Vault'],
    ['https://vault.example.com:8200', 'HashiCorp Vault'],
    ['sigstore', 'a service of the CI system'],
    ['https://github.com/example', 'a service of the CI system'],
    ['account', 'another service'],
    ['spiffe://example.org/', 'a whole trust domain'],
  ])('that belongs to another service is told: %s', async (audience, owner) => {
    const issuer = { url: 'https://k8s.example.com', audiences: [audience] };
    expect(await warningsOf(entry({ issuer }))).toEqual([
      `issuers[0].issuer.audiences[0]: ${JSON.stringify(audience)} is the audience of ${owner}: whoever receives such a token there can log in here with it`,
    ]);
  });

  it.each([
    'postgres',
    'https://db.example.com',
    'vault-db',
    'https://k8s.example.com/postgres',
    'spiffe://example.org/postgres',
    'api://postgres',
    'kubernetes-postgres',
  ])('of our own is not: %s', async (audience) => {
    const issuer = { url: 'https://k8s.example.com', audiences: [audience] };
    expect(await warningsOf(entry({ issuer }))).toEqual([]);
  });
});

describe('a maxStaleUnauthorized', () => {
  it.each<readonly [cache: Entry, told: string, least: string]>([
    [{ maxStaleUnauthorized: '1m' }, '1m is not above refreshInterval, 10m', '15m'],
    [{ maxStaleUnauthorized: '10m' }, '10m is not above refreshInterval, 10m', '15m'],
    [{ maxStaleUnauthorized: '0s' }, '0s is not above refreshInterval, 10m', '15m'],
    [
      { maxStaleUnauthorized: '30m', refreshInterval: '2h' },
      '30m is not above refreshInterval, 2h',
      '125m',
    ],
  ])('that leaves no time after a 401 is told: %j', async (cache, told, least) => {
    expect(await findWarningsIn([entry({ cache })])).toMatchObject([
      {
        path: ['issuers', 0, 'cache', 'maxStaleUnauthorized'],
        message: `${told}: it counts from the last successful retrieval, so that the first 401 or 403 may end all logins`,
        hint: `Write refreshInterval and a few minutes more, such as ${least}.`,
      },
    ]);
  });

  it.each<Entry>([
    {},
    { maxStaleUnauthorized: '15m' },
    { maxStaleUnauthorized: '601s' },
    { maxStaleUnauthorized: '1m', refreshInterval: '30s' },
  ])('that leaves some is not, and none: %j', async (cache) => {
    expect(await warningsOf(entry({ cache }))).toEqual([]);
  });
});

const GITHUB = 'https://token.actions.githubusercontent.com';
const GOOGLE = 'https://accounts.google.com';
const open = (name: string): string =>
  `issuers[0].issuer.url: ${name} signs tokens for everybody, and no rule says whose count: strangers would be let in`;

const byDomain: Entry = {
  roles: [{ claim: 'hd', pattern: String.raw`(?:.*\.)?example\.com`, role: 'people' }],
};

/** A role by what a stranger may choose. */
const byEnvironment = { roles: [{ claim: 'environment', equals: 'production', role: 'deploy' }] };

/** Permits more than is searched. */
const vast = {
  roles: [
    {
      claim: 'sub',
      pattern: `repo:(?:.*a.{1,30}b.{1,30})+/${Array.from(
        { length: 12 },
        (_, at) => `(?:a|b|c){1,${20 + at}}x?`,
      ).join('[-.]')}:.*`,
      role: 'deploy',
    },
  ],
};

/** So many owners, of which the last one goes on as one likes. */
const byAlternatives = (count: number): Entry => ({
  roles: [
    {
      claim: 'repository_owner',
      pattern: Array.from(
        { length: count },
        (_, n) => `owner${n}${n === count - 1 ? '.+' : ''}`,
      ).join('|'),
      role: 'ci',
    },
  ],
});

describe('an issuer that strangers share', () => {
  it.each<readonly [what: string, url: string, more: Entry, name: string]>([
    ['everybody by sub', GITHUB, {}, 'GitHub Actions'],
    ['a trailing slash', `${GITHUB}/`, {}, 'GitHub Actions'],
    [
      'a pattern that lets any owner through',
      GITHUB,
      { roles: [{ claim: 'sub', pattern: 'repo:.*', role: 'ci' }] },
      'GitHub Actions',
    ],
    [
      'a pattern that wants some name everywhere',
      GITHUB,
      {
        roles: [{ claim: 'sub', pattern: 'repo:[a-z.]+/[a-z]+:ref:refs/heads/[a-z]+', role: 'ci' }],
      },
      'GitHub Actions',
    ],
    [
      'a rule on what a stranger may choose',
      GITHUB,
      { claimValidationRules: [{ claim: 'ref', requiredValue: 'refs/heads/main' }] },
      'GitHub Actions',
    ],
    [
      'a role by what a stranger may choose',
      GITHUB,
      { roles: [{ claim: 'environment', equals: 'production', role: 'deploy' }] },
      'GitHub Actions',
    ],
    [
      'the workflow of another repository, which strangers may run',
      GITHUB,
      {
        claimValidationRules: [
          { claim: 'job_workflow_ref', pattern: 'example/ci/.github/workflows/.*' },
        ],
      },
      'GitHub Actions',
    ],
    [
      'a claim that must not be there',
      GITHUB,
      { claimValidationRules: [{ claim: 'enterprise', forbidden: true }] },
      'GitHub Actions',
    ],
    [
      'one good role rule beside one that is not',
      GITHUB,
      {
        roles: [
          { claim: 'repository_owner_id', equals: '1234', role: 'ci' },
          { claim: 'actor', equals: 'alice', role: 'alice' },
        ],
      },
      'GitHub Actions',
    ],
    [
      'projects by path',
      'https://gitlab.com',
      { roles: [{ claim: 'project_path' }] },
      'gitlab.com',
    ],
    ['people by mail', GOOGLE, { roles: [{ claim: 'email' }] }, 'Google'],
    [
      'people whose mail is verified',
      GOOGLE,
      { claimValidationRules: [{ claim: 'email_verified', requiredValue: true }] },
      'Google',
    ],
    ['pipelines', 'https://agent.buildkite.com', {}, 'Buildkite'],
    ['workspaces', 'https://app.terraform.io', {}, 'HCP Terraform'],
    ...['common', 'organizations', 'consumers', '9188040d-6c67-4c5b-b112-36a304b66dad'].map(
      (tenant) =>
        [
          `the tenant ${tenant}`,
          `https://login.microsoftonline.com/${tenant}/v2.0`,
          {},
          'Microsoft Entra for all tenants',
        ] as const,
    ),
  ])('is told: %s', async (_what, url, more, name) => {
    expect(await warningsOf(entry(more, url))).toEqual([open(name)]);
  });

  it.each<readonly [what: string, url: string, more: Entry]>([
    [
      'a rule on the owner',
      GITHUB,
      { claimValidationRules: [{ claim: 'repository_owner_id', requiredValue: '1234' }] },
    ],
    [
      'a pattern on the subject',
      GITHUB,
      { claimValidationRules: [{ claim: 'sub', pattern: 'repo:example@1234/.*' }] },
    ],
    [
      'a role by the repository',
      GITHUB,
      { roles: [{ claim: 'repository', trimPrefix: 'example/' }] },
    ],
    [
      'a role by the subject',
      GITHUB,
      { roles: [{ claim: 'sub', pattern: 'repo:example/app:.*', role: 'ci' }] },
    ],
    [
      'a rule on the namespace',
      'https://gitlab.com',
      { claimValidationRules: [{ claim: 'namespace_id', requiredValues: ['1', '2'] }] },
    ],
    [
      'roles by a mail domain that is a rule too',
      GOOGLE,
      {
        claimValidationRules: [{ claim: 'hd', requiredValue: 'example.com' }],
        roles: [{ claim: 'email', trimSuffix: '@example.com' }],
      },
    ],
    [
      'an address of which Google says whose it is',
      GOOGLE,
      {
        roles: [
          { claim: 'email', equals: 'alice@gmail.com', role: 'alice' },
          { claim: 'email', trimSuffix: '@example-project.iam.gserviceaccount.com' },
        ],
      },
    ],
    [
      'a list of owners in a pattern, each with its end',
      GITHUB,
      {
        roles: [
          { claim: 'sub', pattern: 'repo:(example|example-lab)/[a-z]+:environment:x', role: 'ci' },
        ],
      },
    ],
    [
      'a pattern without an end beside a rule on the owner',
      GITHUB,
      {
        claimValidationRules: [{ claim: 'repository_owner_id', requiredValue: '1234' }],
        roles: [{ claim: 'sub', pattern: 'repo:example.*', role: 'ci' }],
      },
    ],
    [
      'a subject in two pieces',
      GITHUB,
      { roles: [{ claim: 'sub', trimPrefix: 'repo:', pattern: 'example/app:.*', role: 'ci' }] },
    ],
    ...[
      { requiredValue: 'repo:example/app:pull_request' },
      { requiredValues: ['repo:example/app:pull_request', 'repo:example/web:pull_request'] },
    ].map(
      (demand) =>
        [
          `whole subjects: ${Object.keys(demand).join()}`,
          GITHUB,
          { claimValidationRules: [{ claim: 'sub', ...demand }] },
        ] as const,
    ),
    [
      'a list of owners, which reads like a class of letters to the matcher',
      GITHUB,
      {
        roles: [
          { claim: 'sub', pattern: 'repo:team-(?:a|b|c|d|e|f|g|h|i|j)/.*', role: 'ci' },
          { claim: 'repository_owner', pattern: '(?i)octo-(?:org|lab)', role: 'ci' },
        ],
      },
    ],
    [
      'a number of the owner beside a name that may be any',
      GITHUB,
      { roles: [{ claim: 'sub', pattern: 'repo:[^/]+@65/[^@]+@[0-9]+:.*', role: 'ci' }] },
    ],
    [
      'any number of an owner whose name is written out, as nobody else has it',
      GITHUB,
      { roles: [{ claim: 'sub', pattern: 'repo:octo-org@[0-9]+/app@[0-9]+:.*', role: 'ci' }] },
    ],
    ['domains below your own', GOOGLE, byDomain],
    [
      'a subject that names the owner elsewhere',
      GITHUB,
      {
        roles: [
          {
            claim: 'sub',
            pattern: 'repository_owner_id:1234:job_workflow_ref:example/ci/.*',
            role: 'ci',
          },
        ],
      },
    ],
    [
      'a rule on the hosted domain',
      GOOGLE,
      { claimValidationRules: [{ claim: 'hd', requiredValue: 'example.com' }] },
    ],
    [
      'a rule on the organization',
      'https://agent.buildkite.com',
      { claimValidationRules: [{ claim: 'organization_slug', requiredValue: 'example' }] },
    ],
    [
      'a rule on the tenant',
      'https://login.microsoftonline.com/common/v2.0',
      { claimValidationRules: [{ claim: 'tid', requiredValue: 'a-b-c' }] },
    ],
    ['an enterprise of its own', `${GITHUB}/example`, {}],
    ['a tenant of its own', 'https://login.microsoftonline.com/a-b-c/v2.0', {}],
    ['a server of its own', 'https://gitlab.example.com', {}],
  ])('is not told where strangers are shut out: %s', async (_what, url, more) => {
    expect(await warningsOf(entry(more, url))).toEqual([]);
  });

  const byPattern = (claim: string, pattern: string): Entry => ({
    roles: [{ claim, pattern, role: 'ci' }],
  });

  it.each<readonly [what: string, url: string, more: Entry, name: string, stranger: string]>([
    [
      'a wildcard behind the owner',
      GITHUB,
      byPattern('sub', 'repo:example.*'),
      'GitHub Actions',
      'example-stranger',
    ],
    [
      'a wildcard between the owner and a repository',
      GITHUB,
      byPattern('sub', 'repo:example.*/app:ref:refs/heads/main'),
      'GitHub Actions',
      'example-stranger',
    ],
    [
      'all but the delimiter behind the owner',
      GITHUB,
      byPattern('sub', 'repo:example[^:]*:environment:production'),
      'GitHub Actions',
      'example-stranger',
    ],
    [
      'a wildcard in front of the owner',
      GITHUB,
      byPattern('repository_owner', '[a-z-]*example'),
      'GitHub Actions',
      'stranger-example',
    ],
    [
      'letters alone behind it',
      GITHUB,
      byPattern('repository_owner', 'example[a-z]*'),
      'GitHub Actions',
      'examplestranger',
    ],
    [
      'a wildcard beside rules on what a stranger may choose',
      GITHUB,
      {
        claimValidationRules: [
          {
            claim: 'ref',
            requiredValues: Array.from({ length: 12 }, (_, n) => `refs/heads/v${n}`),
          },
        ],
        ...byPattern('sub', 'repo:example.*'),
      },
      'GitHub Actions',
      'example-stranger',
    ],
    [
      'letters alone',
      GITHUB,
      byPattern('repository_owner', '[a-z]+example'),
      'GitHub Actions',
      'strangerexample',
    ],
    [
      'a prefix without its delimiter',
      GITHUB,
      { roles: [{ claim: 'repository', trimPrefix: 'example' }] },
      'GitHub Actions',
      'example-stranger',
    ],
    [
      'a subject with the owner first',
      GITHUB,
      byPattern('sub', 'repository_owner:example.*'),
      'GitHub Actions',
      'example-stranger',
    ],
    ['the tenth of ten', GITHUB, byAlternatives(10), 'GitHub Actions', 'owner9-stranger'],
    ['the eleventh of eleven', GITHUB, byAlternatives(11), 'GitHub Actions', 'owner10x'],
    [
      'a few letters behind it',
      GITHUB,
      byPattern('sub', 'repo:octo-[a-z]{1,3}/.*'),
      'GitHub Actions',
      'octo-x',
    ],
    [
      'numbers behind it',
      GITHUB,
      byPattern('repository_owner', 'octo[0-9]+'),
      'GitHub Actions',
      'octo11',
    ],
    [
      'an owner of so many letters',
      GITHUB,
      byPattern('repository_owner', '[a-z]{4}'),
      'GitHub Actions',
      'xxxx',
    ],
    [
      'a domain that goes on behind the dot',
      GOOGLE,
      byPattern('hd', String.raw`example\.co[a-z]*`),
      'Google',
      'example.costranger',
    ],
    [
      'a group',
      'https://gitlab.com',
      byPattern('sub', 'project_path:my-group.*'),
      'gitlab.com',
      'my-group-stranger',
    ],
    [
      'a domain',
      GOOGLE,
      byPattern('hd', String.raw`.*example\.com`),
      'Google',
      'stranger-example.com',
    ],
    [
      'a domain whose dot is in a class',
      GOOGLE,
      byPattern('hd', '.*example[.]com'),
      'Google',
      'stranger-example.com',
    ],
    [
      'a project of Google',
      GOOGLE,
      byPattern('/google/compute_engine/project_id', 'shop.*'),
      'Google',
      'shop-stranger',
    ],
    [
      'a private address of Google',
      GOOGLE,
      byPattern('email', 'alice.*@gmail.com'),
      'Google',
      'alice-stranger',
    ],
    [
      'an organization of Buildkite',
      'https://agent.buildkite.com',
      byPattern('sub', 'organization:acme.*'),
      'Buildkite',
      'acme-stranger',
    ],
    [
      'an organization of HCP Terraform',
      'https://app.terraform.io',
      byPattern('sub', 'organization:acme.*:workspace:prod:run_phase:apply'),
      'HCP Terraform',
      'acme-stranger',
    ],
  ])('is told of strangers whose names are only alike: %s', async (_what, url, more, name, who) => {
    expect(await warningsOf(entry(more, url))).toEqual([
      `issuers[0].issuer.url: ${name} signs tokens for everybody, and the rules also let in strangers with another name, such as "${who}"`,
    ]);
  });

  it.each<readonly [what: string, url: string, more: Entry, name: string, where: string]>([
    [
      'an environment with the number of the owner in its name',
      GITHUB,
      byPattern('sub', 'repo:.*@123456/.*'),
      'GitHub Actions',
      'sub "repo:stranger/x:environment:@123456/"',
    ],
    [
      'another claim in front of the branch, where only branches count',
      GITHUB,
      byPattern('sub', 'repo:.*@123456/.*:ref:refs/heads/main.*'),
      'GitHub Actions',
      'sub "repo:stranger/x:workflow:@123456/:ref:refs/heads/main"',
    ],
    [
      'a subject composed of other claims',
      GITHUB,
      byPattern('sub', 'repo:.+@123456/(.+)@789012:.*'),
      'GitHub Actions',
      'sub "repo:stranger/x:head_ref:@123456/x@789012:head_ref:x"',
    ],
    [
      'the number of an owner that may be any',
      GITHUB,
      byPattern('sub', 'repo:[^/]+@65[0-9]*/app@[0-9]+:.*'),
      'GitHub Actions',
      'sub "repo:x@6511/app@90000002:pull_request"',
    ],
    [
      'a subgroup with the name of a group',
      'https://gitlab.com',
      byPattern('project_path', '.*/my-group/.*'),
      'gitlab.com',
      'project_path "stranger/my-group/x"',
    ],
    [
      'a step whose key has colons in it',
      'https://agent.buildkite.com',
      byPattern('sub', 'organization:.*:acme:deploy'),
      'Buildkite',
      'sub "organization:stranger:pipeline:x:ref:refs/heads/x:commit:a:step:acme:deploy"',
    ],
    [
      'a rule on the claim, whatever the role',
      GITHUB,
      { claimValidationRules: [{ claim: 'sub', pattern: 'repo:.*@123456/.*' }], ...byEnvironment },
      'GitHub Actions',
      'sub "repo:stranger/x:environment:@123456/"',
    ],
    [
      'beside a rule on what they may have in their subject',
      GITHUB,
      {
        claimValidationRules: [{ claim: 'sub', pattern: '.*:runner_environment:github-hosted' }],
        ...byPattern('sub', 'repo:.*@123456/.*'),
      },
      'GitHub Actions',
      'sub "repo:stranger/x:environment:@123456/"',
    ],
  ])('is told of strangers who read the rules: %s', async (_what, url, more, name, where) => {
    expect(await warningsOf(entry(more, url))).toEqual([
      `issuers[0].issuer.url: ${name} signs tokens for everybody, and the rules also let in strangers by names of their choice, as in ${where}`,
    ]);
  });

  it('is not searched for by role rules, where one of them matches whoever meets the other rules', async () => {
    const byOwner = {
      claimValidationRules: [{ claim: 'repository_owner_id', requiredValue: '1' }],
    };
    expect(await warningsOf(entry({ ...byOwner, ...vast }, GITHUB))).toEqual([
      expect.stringContaining('the patterns permit too much'),
    ]);
    const roles = [...vast.roles, ...byEnvironment.roles];
    expect(await warningsOf(entry({ ...byOwner, roles }, GITHUB))).toEqual([]);
  });

  it.each<readonly [what: string, rule: Entry]>([
    [
      "another's workflow, which they may run",
      { claim: 'sub', pattern: 'job_workflow_ref:example/ci/.*', role: 'ci' },
    ],
    ['their environment', { claim: 'sub', equals: 'environment:production', role: 'ci' }],
  ])('is told of a subject that strangers may give themselves: %s', async (_what, rule) => {
    expect(await warningsOf(entry({ roles: [rule] }, GITHUB))).toEqual([open('GitHub Actions')]);
  });

  it.each<readonly [address: string, rule: Entry]>([
    ['app@example.com', { claim: 'email', trimSuffix: '@example.com' }],
    ['alice@example.com', { claim: 'email', equals: 'alice@example.com', role: 'alice' }],
  ])('is told of addresses that a private account may have: %s', async (address, rule) => {
    expect(await warningsOf(entry({ roles: [rule] }, GOOGLE))).toEqual([
      `issuers[0].issuer.url: Google signs tokens for everybody, and a stranger's private account may have an address of your domain, such as "${address}", and would be let in`,
    ]);
  });
});

describe('a pattern on a subject', () => {
  const warningsOfRule = async (rule: Entry): Promise<readonly string[]> =>
    warningsOf(entry({ roles: [{ claim: 'sub', role: 'app', ...rule }] }));

  it.each<readonly [rule: Entry, name: string]>([
    [{ pattern: 'system:serviceaccount:team-a.*' }, 'team-a'],
    [{ pattern: 'system:serviceaccount:team-a.+' }, 'team-a'],
    [{ pattern: 'system:serviceaccount:(team-a|team-b).*' }, 'team-b'],
    [{ pattern: 'system:serviceaccount:(team-a.*)' }, 'team-a'],
    [{ pattern: 'system:serviceaccount:((team-a)(.*))' }, 'team-a'],
    [{ trimPrefix: 'system:serviceaccount:', pattern: 'team-a.*' }, 'team-a'],
    [{ trimPrefix: 'system:serviceaccount:team-a', pattern: '.*' }, 'team-a'],
    [{ pattern: String.raw`spiffe://example\.org/ns/shop.*` }, 'shop'],
  ])('that lets a name go on is told: %o', async (rule, name) => {
    expect(await warningsOfRule(rule)).toEqual([
      `issuers[0].roles[0].pattern: a wildcard directly behind "${name}" takes in longer names too, such as "${name}-other"`,
    ]);
  });

  it('is told where it is a rule on the claim, too', async () => {
    const rule = { claim: 'sub', pattern: 'system:serviceaccount:team-a.*' };
    expect(await warningsOf(entry({ claimValidationRules: [rule] }))).toEqual([
      'issuers[0].claimValidationRules[0].pattern: a wildcard directly behind "team-a" takes in longer names too, such as "team-a-other"',
    ]);
  });

  it.each<Entry>([
    { pattern: 'system:serviceaccount:team-a:.*' },
    { pattern: 'system:serviceaccount:team-.*' },
    { pattern: 'system:serviceaccount:team-a[a-z0-9-]*:.*' },
    { pattern: 'system:serviceaccount:[a-z]+:app' },
    // The last name of all: nothing stands behind it that could be taken in.
    { pattern: 'system:serviceaccount:team-a:app.*' },
    { trimPrefix: 'system:serviceaccount:', pattern: '.*' },
    { pattern: String.raw`spiffe://example\.org/ns/shop/.*` },
    { pattern: String.raw`spiffe://example\.org/.*` },
    { pattern: String.raw`system:serviceaccount:team-\d.*` },
    { pattern: String.raw`spiffe://example\.org.*` },
    { claim: 'groups', pattern: 'app.*' },
    { claim: 'acts_for', pattern: 'system:serviceaccount:team-a.*' },
  ])('that ends its names, or says how they may go on, is not: %o', async (rule) => {
    expect(await warningsOfRule(rule)).toEqual([]);
  });
});

describe('a safeguard that is switched off', () => {
  it('is told, where the superuser is not protected', async () => {
    for (const protectedRoles of [[], ['pg_*'], ['Postgres']]) {
      expect(
        await warningsIn(
          { protectedRoles },
          entry({ roles: [{ claim: 'sub', trimPrefix: 'app:' }] }),
        ),
      ).toEqual([
        'protectedRoles: "postgres", the superuser of most servers, is not protected: a token may log in as it where a rule yields it',
      ]);
    }
    for (const protectedRoles of [['postgres'], ['*'], ['post*']]) {
      expect(
        await warningsIn(
          { protectedRoles },
          entry({ roles: [{ claim: 'sub', trimPrefix: 'app:' }] }),
        ),
      ).toEqual([]);
    }
  });

  it('is told', async () => {
    expect(
      await warningsOf(
        entry({
          token: { maxLifetime: '2d', allowSenderConstrained: true },
          allowProtectedRoles: ['pg_monitor', 'postgres'],
        }),
      ),
    ).toEqual([
      'issuers[0].token.maxLifetime: tokens valid for up to 2 d are accepted: one that is stolen serves as long',
      'issuers[0].token.allowSenderConstrained: tokens that are bound to a key are accepted from anybody: what the binding should prevent is possible here',
      'issuers[0].allowProtectedRoles[1]: a token may be "postgres", the superuser of most servers',
    ]);
    expect(await warningsOf(entry({ token: { maxLifetime: '24h' } }))).toEqual([]);
  });
});

const unrestricted = (index: number): string =>
  `issuers[${index}]: no pam.services: its tokens count on every line of pg_hba.conf, beside those of the other entries`;
const issuerFor = (audiences: readonly string[]) => ({
  url: 'https://k8s.example.com',
  audiences,
  audienceMatchPolicy: 'MatchAny',
});
const keysAt = (host: string) => ({ jwksURI: `https://${host}/openid/v1/jwks` });

describe('several entries', () => {
  const pam = { services: ['postgresql'] };

  it('are each told that no PAM service restricts', async () => {
    expect(await warningsOf(entry(), entry({ name: 'b' }, 'https://b.example.com'))).toEqual([
      unrestricted(0),
      unrestricted(1),
    ]);
    expect(
      await warningsOf(entry({ pam }), entry({ name: 'b', pam }, 'https://b.example.com')),
    ).toEqual([]);
    expect(
      await warningsOf(
        entry({ pam: { sources: ['local'] } }),
        entry({ name: 'b', pam }, 'https://b.example.com'),
      ),
    ).toEqual([unrestricted(0)]);
  });

  it('are told where they agree in issuer, keys and audiences', async () => {
    const twin =
      'issuers[1].issuer: agrees with entry a in issuer, key source, audiences and claimValidationRules: each judges the tokens of the other';
    expect(
      await warningsOf(
        entry({ pam, issuer: issuerFor(['a', 'b']) }),
        entry({ pam, issuer: issuerFor(['b', 'a']), name: 'b' }),
      ),
    ).toEqual([twin]);
    expect(
      await warningsOf(
        entry({ pam, issuer: issuerFor(['a']) }),
        entry({ pam, issuer: issuerFor(['b']), name: 'b' }),
      ),
    ).toEqual([]);
    // Told apart by what their tokens must hold, or by where they count.
    const rules = (tenant: string) => ({
      claimValidationRules: [{ claim: 'tenant', requiredValue: tenant }],
    });
    expect(
      await warningsOf(entry({ pam, ...rules('a') }), entry({ pam, ...rules('a'), name: 'b' })),
    ).toEqual([twin]);
    expect(
      await warningsOf(entry({ pam, ...rules('a') }), entry({ pam, ...rules('b'), name: 'b' })),
    ).toEqual([]);
    expect(
      await warningsOf(entry({ pam }), entry({ pam: { services: ['other'] }, name: 'b' })),
    ).toEqual([]);
    expect(
      await warningsOf(
        entry({ pam: { services: ['postgresql', 'a'] } }),
        entry({ pam: { services: ['other', 'a'] }, name: 'b' }),
      ),
    ).toEqual([twin]);
    // Where one says nothing of services, it counts for those of the other too.
    const [everywhere, here] = [entry(), entry({ pam })];
    expect(await warningsOf(everywhere, { ...everywhere, name: 'b' })).toEqual([
      unrestricted(0),
      unrestricted(1),
      twin,
    ]);
    expect(await warningsOf(everywhere, { ...here, name: 'b' })).toEqual([unrestricted(0), twin]);
    expect(await warningsOf(here, { ...everywhere, name: 'b' })).toEqual([unrestricted(1), twin]);
    // Two clusters with the default URL.
    expect(
      await warningsOf(
        entry({ pam, keys: keysAt('10.0.0.1') }),
        entry({ pam, keys: keysAt('10.0.0.2'), name: 'b' }),
      ),
    ).toEqual([]);
  });
});

describe('warnings', () => {
  async function pathsOf(lines: readonly string[]): Promise<string[]> {
    await using folder = await createTemporaryFolder('warnings');
    const file = join(folder.path, 'issuers.yaml');
    await writeFile(file, ['apiVersion: pgtoken/v1', 'issuers:', ...lines, ''].join('\n'));
    await chmod(file, 0o644);
    const loaded = await loadPolicy(file);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const warnings = await findWarnings(loaded.policy, loaded.locate);
    return warnings.map(({ path }) => formatPath(path));
  }
  const rest = [
    '  issuer: {url: https://k8s.example.com, audiences: [postgres]}',
    '  roles: [{claim: sub, trimPrefix: "app:"}]',
  ];

  it('come in the order of the text, line by line and from left to right', async () => {
    const [sender, lifetime] = ['allowSenderConstrained: true', 'maxLifetime: 48h'];
    const inOrder = ['issuers[0].token.allowSenderConstrained', 'issuers[0].token.maxLifetime'];
    const oneLine = (a: string, b: string): string[] => ['- name: a', `  token: {${a}, ${b}}`];
    const lines = (a: string, b: string): string[] => [
      '- name: a',
      '  token:',
      `    ${a}`,
      `    ${b}`,
    ];
    for (const write of [oneLine, lines]) {
      expect(await pathsOf([...write(sender, lifetime), ...rest])).toEqual(inOrder);
      expect(await pathsOf([...write(lifetime, sender), ...rest])).toEqual(inOrder.toReversed());
    }
  });

  it('come of any stranger who is let in, though others are not', async () => {
    // Subjects have two forms; this pattern matches one of them.
    const rule = { claim: 'sub', pattern: 'repo:[a-z]+/app:.*', role: 'deploy' };
    const url = 'https://token.actions.githubusercontent.com';
    expect(await warningsOf(entry({ roles: [rule] }, url))).toEqual([
      expect.stringMatching(
        /^issuers\[0\]\.issuer\.url: GitHub Actions signs tokens for everybody/,
      ),
    ]);
  });

  it('say where patterns permit too much to be searched, in bounded time', async () => {
    const claimValidationRules = [{ claim: 'environment', forbidden: true }];
    expect(await warningsOf(entry({ ...vast, claimValidationRules }, GITHUB))).toEqual([
      'issuers[0].issuer.url: GitHub Actions signs tokens for everybody, and the patterns permit too much to find out whether strangers are let in',
    ]);
  });

  it('say so where the last step is taken too', async () => {
    // Ten characters for the name of a stranger, five for each other one: the steps are used up, and none is missing.
    const claimValidationRules = [7, 11, 13, 17, 19].map((count) => ({
      claim: 'terraform_organization_name',
      pattern: `(?:[trange.]{${count}})+`,
    }));
    const url = 'https://app.terraform.io';
    expect(await warningsOf(entry({ claimValidationRules, ...byEnvironment }, url))).toEqual([
      'issuers[0].issuer.url: HCP Terraform signs tokens for everybody, and the patterns permit too much to find out whether strangers are let in',
    ]);
  });

  it('tell of a foreign audience of a trust domain, too', async () => {
    const issuer = { spiffeTrustDomain: 'example.org', audiences: ['vault'] };
    const keys = { spiffeBundleURL: 'https://spire.example.com' };
    expect(await warningsOf(entry({ issuer, keys }))).toEqual([
      expect.stringMatching(
        /^issuers\[0\]\.issuer\.audiences\[0\]: "vault" is the audience of HashiCorp Vault/,
      ),
    ]);
  });

  it('begin with a lifetime over a day and an hour', async () => {
    const entryFor = (maxLifetime: string): string[] => [
      '- name: a',
      `  token: {maxLifetime: ${maxLifetime}}`,
      ...rest,
    ];
    expect(await pathsOf(entryFor('25h'))).toEqual([]);
    expect(await pathsOf(entryFor('90001s'))).toEqual(['issuers[0].token.maxLifetime']);
  });
});
