// Buildkite: a job's token with its documented claims, and the two that it was asked to add. build_number is a number,
// step_key may be null.
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

const kid = 'b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';
const organization = '0184990a-477b-4fa8-9968-496074483e77';

const migrate: TokenRecipe = {
  key: 'rsa',
  header: { typ: 'JWT', alg: 'RS256', kid },
  claims: {
    iss: 'https://agent.buildkite.com',
    sub: 'organization:acme-inc:pipeline:shop:ref:refs/heads/main:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:migrate',
    aud: 'postgres.example.com',
    iat: NOW - 10,
    nbf: NOW - 10,
    exp: NOW + 290,
    organization_slug: 'acme-inc',
    pipeline_slug: 'shop',
    build_number: 1041,
    build_branch: 'main',
    build_commit: '9f3182061f1e2cca4702c368cbc039b7dc9d4485',
    step_key: 'migrate',
    job_id: '0184990a-477b-4fa8-9968-496074483cee',
    agent_id: '0184990a-4782-42b5-afc1-16715b10b8ff',
    build_source: 'webhook',
    runner_environment: 'buildkite-hosted',
    organization_id: organization,
    pipeline_id: '0184990a-4782-42b5-afc1-16715b10b100',
  },
};
const reports = change(migrate, {
  claims: {
    sub: 'organization:acme-inc:pipeline:reports:ref:refs/heads/main:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:',
    pipeline_slug: 'reports',
    step_key: null,
    build_source: 'schedule',
    pipeline_id: '0184990a-4782-42b5-afc1-16715b10b200',
  },
});

export const buildkite: ExampleRecipe = {
  published: { buildkite: { keys: [publish('rsa', kid, 'RS256')] } },
  vectors: [
    {
      name: 'grants a job of one pipeline its role',
      role: 'shop_migrate',
      token: migrate,
      expected: granted('buildkite'),
    },
    {
      name: 'grants a job of another pipeline, in a step without a key, either of its roles',
      role: 'reports_rw',
      token: reports,
      expected: granted('buildkite'),
    },
    {
      name: 'refuses a job of a stranger with the same slugs and audience',
      role: 'shop_migrate',
      token: change(migrate, {
        claims: { organization_id: '01999999-0000-4000-8000-00000000dead' },
      }),
      expected: wrongClaim(
        'organization_id',
        '"01999999-0000-4000-8000-00000000dead"',
        `"${organization}"`,
        0,
      ),
    },
    {
      name: 'refuses a token that was not asked to name its organization by its ID',
      role: 'shop_migrate',
      token: change(migrate, { claims: { organization_id: undefined, pipeline_id: undefined } }),
      expected: missingClaim('organization_id', `"${organization}"`, 0),
    },
    {
      name: 'refuses a token that was not asked to name its pipeline by its ID',
      role: 'shop_migrate',
      token: change(migrate, { claims: { pipeline_id: undefined } }),
      expected: noRole('shop_migrate'),
    },
    {
      name: 'refuses a job on another branch',
      role: 'shop_migrate',
      token: change(migrate, { claims: { build_branch: 'mallory:main' } }),
      expected: wrongClaim('build_branch', '"mallory:main"', '"main"', 1),
    },
    {
      name: 'refuses a job of one pipeline the role of another',
      role: 'reports_ro',
      token: migrate,
      expected: notPermitted('reports_ro', 'shop_migrate'),
    },
    {
      name: 'refuses a token for the default audience',
      role: 'shop_migrate',
      token: change(migrate, { claims: { aud: 'https://buildkite.com/acme-inc' } }),
      expected: wrongAudience('"https://buildkite.com/acme-inc"', '"postgres.example.com"'),
    },
    {
      name: 'refuses a token with a lifetime of two hours',
      role: 'shop_migrate',
      token: change(migrate, { claims: { exp: NOW + 7190 } }),
      expected: tooLong('2 h', '10 min'),
    },
    {
      name: 'refuses another algorithm, although the signature is good',
      role: 'shop_migrate',
      token: change(migrate, { header: { alg: 'RS384' } }),
      expected: wrongAlgorithm('RS384', 'RS256'),
    },
    {
      name: 'refuses the superuser',
      role: 'postgres',
      token: reports,
      expected: protectedRole(),
    },
  ],
};
