// GitLab CI: an ID token with its documented claims. IDs and flags are texts, runner_id is a number; nbf lies 5 seconds
// before iat.
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  missingClaim,
  noRole,
  notPermitted,
  protectedRole,
  tooLong,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
} from './refusals.ts';

const kid = '4i3sFE7sxqNPOT7FdvcGA1ZVGGI_r-tsDXnEuYT4ZqE';

const migrate: TokenRecipe = {
  key: 'rsa',
  header: { kid, typ: 'JWT', alg: 'RS256' },
  claims: {
    namespace_id: '72',
    namespace_path: 'my-group',
    project_id: '20',
    project_path: 'my-group/shop',
    user_id: '1',
    user_login: 'sample-user',
    user_email: 'sample-user@example.com',
    user_access_level: 'maintainer',
    job_project_id: '20',
    job_project_path: 'my-group/shop',
    job_namespace_id: '72',
    job_namespace_path: 'my-group',
    pipeline_id: '574',
    pipeline_source: 'push',
    job_id: '302',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    runner_id: 1,
    runner_environment: 'gitlab-hosted',
    sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    project_visibility: 'private',
    ci_config_ref_uri: 'gitlab.com/my-group/shop//.gitlab-ci.yml@refs/heads/main',
    ci_config_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    jti: '235b3a54-b797-45c7-ae9a-f72d7bc6ef5b',
    iat: NOW - 10,
    nbf: NOW - 15,
    exp: NOW + 3590,
    iss: 'https://gitlab.com',
    sub: 'project_path:my-group/shop:ref_type:branch:ref:main',
    aud: 'postgres.example.com',
  },
};
const reports = change(migrate, {
  claims: {
    project_id: '21',
    project_path: 'my-group/reporting',
    job_project_id: '21',
    job_project_path: 'my-group/reporting',
    ref: 'reports',
    ref_path: 'refs/heads/reports',
    ci_config_ref_uri: 'gitlab.com/my-group/reporting//.gitlab-ci.yml@refs/heads/reports',
    sub: 'project_path:my-group/reporting:ref_type:branch:ref:reports',
  },
});

export const gitlabCI: ExampleRecipe = {
  published: { 'gitlab-ci': { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a job of one project its role',
      role: 'shop_migrate',
      token: migrate,
      expected: granted('gitlab-ci'),
    },
    {
      name: 'grants a job of another project on its branch',
      role: 'reports_ro',
      token: reports,
      expected: granted('gitlab-ci'),
    },
    {
      name: 'refuses a job of a stranger with the same audience',
      role: 'reports_ro',
      token: change(reports, {
        claims: {
          namespace_id: '666',
          namespace_path: 'mallory',
          project_id: '667',
          project_path: 'mallory/reporting',
          sub: 'project_path:mallory/reporting:ref_type:branch:ref:reports',
        },
      }),
      expected: wrongClaim('namespace_id', '"666"', '"72"', 0),
    },
    {
      name: 'refuses a merge request of a fork, whose token names the fork',
      role: 'shop_migrate',
      token: change(migrate, {
        claims: {
          namespace_id: '666',
          namespace_path: 'mallory',
          project_id: '667',
          project_path: 'mallory/shop',
          pipeline_source: 'merge_request_event',
          ref_path: 'refs/merge-requests/7/head',
          ref_protected: 'false',
          sub: 'project_path:mallory/shop:ref_type:branch:ref:main',
        },
      }),
      expected: wrongClaim('namespace_id', '"666"', '"72"', 0),
    },
    {
      name: 'refuses a job on a branch that is not protected',
      role: 'shop_migrate',
      token: change(migrate, {
        claims: {
          ref: 'mine',
          ref_path: 'refs/heads/mine',
          ref_protected: 'false',
          sub: 'project_path:my-group/shop:ref_type:branch:ref:mine',
        },
      }),
      expected: wrongClaim('ref_protected', '"false"', '"true"', 1),
    },
    {
      name: 'refuses a tag that is named like the branch',
      role: 'reports_ro',
      token: change(reports, {
        claims: {
          ref_type: 'tag',
          ref_path: 'refs/tags/reports',
          sub: 'project_path:my-group/reporting:ref_type:tag:ref:reports',
        },
      }),
      expected: noRole('reports_ro'),
    },
    {
      name: 'refuses a job of one project the role of another',
      role: 'shop_migrate',
      token: reports,
      expected: notPermitted('shop_migrate', 'reports_ro'),
    },
    {
      name: 'refuses a token for the default audience',
      role: 'shop_migrate',
      token: change(migrate, { claims: { aud: 'https://gitlab.com' } }),
      expected: wrongAudience('"https://gitlab.com"', '"postgres.example.com"'),
    },
    {
      name: 'refuses a token without the ID of its namespace',
      role: 'shop_migrate',
      token: change(migrate, { claims: { namespace_id: undefined } }),
      expected: missingClaim('namespace_id', '"72"', 0),
    },
    {
      name: 'refuses the token of a job with a timeout of three hours',
      role: 'shop_migrate',
      token: change(migrate, { claims: { exp: NOW - 10 + 10_800 } }),
      expected: tooLong('3 h', '60 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'shop_migrate',
      token: change(migrate, { header: { alg: 'PS256' } }),
      expected: wrongAlgorithm('PS256', 'RS256'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: migrate,
      expected: protectedRole(),
    },
  ],
};
