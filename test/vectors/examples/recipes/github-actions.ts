// GitHub Actions: a job's token with its documented claims. Numbers are texts; nbf lies ten minutes before iat. Since July
// 2026 sub names owner and repository with their IDs.
import { change, type ExampleRecipe, granted, NOW, publish, type TokenRecipe } from './recipe.ts';
import {
  missingClaim,
  noRole,
  protectedRole,
  tooLong,
  wrongAlgorithm,
  wrongAudience,
  wrongClaim,
  wrongSignature,
} from './refusals.ts';

const kid = 'cc413527-173f-5a05-976e-9c52b1d7b431';

const push: TokenRecipe = {
  key: 'rsa',
  header: { typ: 'JWT', alg: 'RS256', x5t: 'ykNaY4qM_ta4k2TgZOCEYLkcYlA', kid },
  claims: {
    jti: '5c2c1d0e-9a7b-4f6e-8d3c-2b1a0f9e8d7c',
    sub: 'repo:octo-org@65/octo-repo@74:ref:refs/heads/main',
    aud: 'postgres.example.com',
    ref: 'refs/heads/main',
    sha: '9f3182061f1e2cca4702c368cbc039b7dc9d4485',
    repository: 'octo-org/octo-repo',
    repository_owner: 'octo-org',
    repository_owner_id: '65',
    run_id: '19872345611',
    run_number: '10',
    run_attempt: '2',
    repository_visibility: 'private',
    repository_id: '74',
    actor_id: '12',
    actor: 'octocat',
    workflow: 'migrate',
    head_ref: '',
    base_ref: '',
    event_name: 'push',
    ref_protected: 'true',
    ref_type: 'branch',
    workflow_ref: 'octo-org/octo-repo/.github/workflows/migrate.yml@refs/heads/main',
    workflow_sha: '9f3182061f1e2cca4702c368cbc039b7dc9d4485',
    job_workflow_ref: 'octo-org/octo-repo/.github/workflows/migrate.yml@refs/heads/main',
    job_workflow_sha: '9f3182061f1e2cca4702c368cbc039b7dc9d4485',
    runner_environment: 'github-hosted',
    iss: 'https://token.actions.githubusercontent.com',
    nbf: NOW - 610,
    exp: NOW + 290,
    iat: NOW - 10,
  },
};
const deploy = change(push, {
  claims: {
    sub: 'repo:octo-org@65/web-shop@75:environment:production',
    environment: 'production',
    repository: 'octo-org/web-shop',
    repository_id: '75',
    event_name: 'workflow_dispatch',
    job_workflow_ref: 'octo-org/web-shop/.github/workflows/deploy.yml@refs/heads/main',
    workflow_ref: 'octo-org/web-shop/.github/workflows/deploy.yml@refs/heads/main',
  },
});
const events = 'one of "push", "schedule", "workflow_dispatch"';

export const githubActions: ExampleRecipe = {
  published: { 'github-actions': { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants any job of one repository its role',
      role: 'ci_reader',
      token: push,
      expected: granted('github-actions'),
    },
    {
      name: 'grants a job in the environment the role of its repository',
      role: 'deploy_web_shop',
      token: deploy,
      expected: granted('github-actions'),
    },
    {
      name: 'grants a job of a repository that still has the old sub, by its ID',
      role: 'ci_reader',
      token: change(push, { claims: { sub: 'repo:octo-org/octo-repo:ref:refs/heads/main' } }),
      expected: granted('github-actions'),
    },
    {
      name: 'refuses a job of a stranger with the same audience',
      role: 'ci_reader',
      token: change(push, {
        claims: {
          sub: 'repo:mallory@666/octo-repo@667:ref:refs/heads/main',
          repository: 'mallory/octo-repo',
          repository_owner: 'mallory',
          repository_owner_id: '666',
          repository_id: '667',
        },
      }),
      expected: wrongClaim('repository_owner_id', '"666"', '"65"', 0),
    },
    {
      name: 'refuses a job of somebody who took the name of the organization after it was given up',
      role: 'deploy_web_shop',
      token: change(deploy, {
        claims: {
          sub: 'repo:octo-org/web-shop:environment:production',
          repository_owner_id: '666',
          repository_id: '667',
        },
      }),
      expected: wrongClaim('repository_owner_id', '"666"', '"65"', 0),
    },
    {
      name: 'refuses the old sub, which has no IDs, where the rule looks at sub',
      role: 'deploy_web_shop',
      token: change(deploy, { claims: { sub: 'repo:octo-org/web-shop:environment:production' } }),
      expected: noRole('deploy_web_shop'),
    },
    {
      name: 'refuses a job on another branch',
      role: 'ci_reader',
      token: change(push, {
        claims: {
          sub: 'repo:octo-org@65/octo-repo@74:ref:refs/heads/mine',
          ref: 'refs/heads/mine',
        },
      }),
      expected: wrongClaim('ref', '"refs/heads/mine"', '"refs/heads/main"', 1),
    },
    {
      name: 'refuses a job of a pull request',
      role: 'ci_reader',
      token: change(push, {
        claims: {
          sub: 'repo:octo-org@65/octo-repo@74:pull_request',
          ref: 'refs/pull/7/merge',
          head_ref: 'mine',
          base_ref: 'main',
          event_name: 'pull_request',
        },
      }),
      expected: wrongClaim('ref', '"refs/pull/7/merge"', '"refs/heads/main"', 1),
    },
    {
      name: 'refuses a job that a pull request of a stranger has started on main',
      role: 'ci_reader',
      token: change(push, {
        claims: {
          sub: 'repo:octo-org@65/octo-repo@74:pull_request',
          head_ref: 'main',
          base_ref: 'main',
          event_name: 'pull_request_target',
        },
      }),
      expected: wrongClaim('event_name', '"pull_request_target"', events, 2),
    },
    {
      name: 'refuses a job of another environment the role of production',
      role: 'deploy_web_shop',
      token: change(deploy, {
        claims: {
          sub: 'repo:octo-org@65/web-shop@75:environment:staging',
          environment: 'staging',
        },
      }),
      expected: noRole('deploy_web_shop'),
    },
    {
      name: 'refuses a token for the default audience',
      role: 'ci_reader',
      token: change(push, { claims: { aud: 'https://github.com/octo-org' } }),
      expected: wrongAudience('"https://github.com/octo-org"', '"postgres.example.com"'),
    },
    {
      name: 'refuses a token without the ID of the owner',
      role: 'ci_reader',
      token: change(push, { claims: { repository_owner_id: undefined } }),
      expected: missingClaim('repository_owner_id', '"65"', 0),
    },
    {
      name: 'refuses a token that lives longer than GitHub gives',
      role: 'ci_reader',
      token: change(push, { claims: { exp: NOW + 7190 } }),
      expected: tooLong('2 h', '10 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'ci_reader',
      token: change(push, { header: { alg: 'RS512' } }),
      expected: wrongAlgorithm('RS512', 'RS256'),
    },
    {
      name: 'refuses a token that somebody else signed',
      role: 'ci_reader',
      token: change(push, { key: 'rsa-other' }),
      expected: wrongSignature(kid),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: deploy,
      expected: protectedRole(),
    },
  ],
};
