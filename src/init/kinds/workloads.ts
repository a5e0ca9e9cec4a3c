// CI jobs, clouds and SPIFFE.
import {
  ARN_FORM,
  DOMAIN_FORM,
  LABEL_FORM,
  NUMBER_FORM,
  SPIFFE_FORM,
  TEXT_FORM,
  URL_FORM,
  UUID_FORM,
  WORD_FORM,
} from '../forms.ts';
import type { Kind, ValueParameter } from '../kind.ts';
import { isEntra, REGISTRATION, TENANT, tokenVersion } from './entra.ts';

const CI = 'postgresql-ci';
const CLOUD = 'postgresql-cloud';

const AUDIENCE: ValueParameter = {
  kind: 'value',
  name: 'audience',
  asks: 'The audience, a name of your own such as that of the database host',
  form: TEXT_FORM,
  replaces: 'postgres.example.com',
};

function branch(replaces: string): ValueParameter {
  return {
    kind: 'value',
    name: 'branch',
    asks: 'The branch whose jobs may log in',
    form: TEXT_FORM,
    replaces,
    keys: ['requiredValue'],
    default: 'main',
  };
}

/** In the order of docs/start/examples.md. */
export const WORKLOAD_KINDS: readonly Kind[] = [
  {
    name: 'github-actions',
    service: CI,
    entry: 'github-actions',
    parameters: [
      AUDIENCE,
      {
        kind: 'value',
        name: 'owner-id',
        asks: "The ID of the organization (gh api repos/OWNER/REPOSITORY --jq '.owner.id')",
        form: NUMBER_FORM,
        replaces: '65',
        keys: ['requiredValue', 'pattern'],
      },
      branch('main'),
      {
        kind: 'grant',
        name: 'repository-role',
        asks: 'Which repository, by its ID, may be which role',
        form: NUMBER_FORM,
        claim: 'repository_id',
      },
      {
        kind: 'value',
        name: 'environment',
        asks: 'The environment whose jobs may be deploy_REPOSITORY',
        form: WORD_FORM,
        replaces: 'production',
        without: 'no rule',
      },
    ],
    isIssuer: ({ hostname }) => hostname === 'token.actions.githubusercontent.com',
  },
  {
    name: 'gitlab-ci',
    service: CI,
    entry: 'gitlab-ci',
    parameters: [
      {
        kind: 'value',
        name: 'url',
        asks: "GitLab's URL",
        form: URL_FORM,
        replaces: 'https://gitlab.com',
        default: 'https://gitlab.com',
      },
      AUDIENCE,
      {
        kind: 'value',
        name: 'namespace-id',
        asks: 'The ID of the group',
        form: NUMBER_FORM,
        replaces: '72',
        keys: ['requiredValue'],
      },
      {
        kind: 'grant',
        name: 'project-role',
        asks: 'Which project, by its ID, may be which role',
        form: NUMBER_FORM,
        claim: 'project_id',
      },
      {
        kind: 'value',
        name: 'reports-group',
        asks: 'The path of the group whose branch "reports" may be role reports_ro',
        form: LABEL_FORM,
        replaces: 'my-group',
        without: 'no rule',
      },
    ],
    isIssuer: ({ hostname }) => hostname === 'gitlab.com',
  },
  {
    name: 'buildkite',
    service: CI,
    entry: 'buildkite',
    parameters: [
      AUDIENCE,
      {
        kind: 'value',
        name: 'organization-id',
        asks: 'The ID of the organization',
        form: UUID_FORM,
        replaces: '0184990a-477b-4fa8-9968-496074483e77',
      },
      branch('main'),
      {
        kind: 'grant',
        name: 'pipeline-role',
        asks: 'Which pipeline, by its ID, may be which role',
        form: UUID_FORM,
        claim: 'pipeline_id',
      },
    ],
    isIssuer: ({ hostname }) => hostname === 'agent.buildkite.com',
  },
  {
    name: 'spiffe',
    service: 'postgresql-spiffe',
    namesService: true,
    parameters: [
      {
        kind: 'value',
        name: 'trust-domain',
        asks: 'The trust domain',
        form: DOMAIN_FORM,
        replaces: 'prod.example.org',
      },
      {
        kind: 'value',
        name: 'bundle-url',
        asks: 'The URL of its bundle endpoint (https_web)',
        form: URL_FORM,
        replaces: 'https://spire.example.org:8443',
      },
      {
        kind: 'value',
        name: 'audience',
        asks: 'The audience that workloads ask for',
        form: TEXT_FORM,
        replaces: 'postgres',
        keys: ['audiences'],
        default: 'postgres',
      },
      {
        kind: 'value',
        name: 'algorithm',
        asks: 'What the trust domain signs with (jwt_issuer key type of SPIRE)',
        form: WORD_FORM,
        replaces: 'ES256',
        default: 'ES256',
      },
      {
        kind: 'value',
        name: 'partner-trust-domain',
        asks: 'The trust domain of a partner',
        form: DOMAIN_FORM,
        replaces: 'partner.example.net',
        without: 'no entry',
      },
      {
        kind: 'file',
        name: 'partner-bundle',
        asks: "The file with the partner's bundle",
        replaces: 'partner-bundle.json',
        without: 'no entry',
      },
      {
        kind: 'grant',
        name: 'partner-role',
        asks: "Which SPIFFE ID of the partner's may be which role",
        form: SPIFFE_FORM,
        claim: 'sub',
      },
    ],
  },
  {
    name: 'entra-workloads',
    service: CLOUD,
    namesService: true,
    parameters: [
      TENANT,
      REGISTRATION,
      {
        kind: 'value',
        name: 'app-role',
        asks: 'The app role that an application must have been assigned',
        form: WORD_FORM,
        replaces: 'db.login',
        default: 'db.login',
      },
      tokenVersion('entra-v1', 'entra-v2'),
      {
        kind: 'grant',
        name: 'identity-role',
        asks: 'Which identity, by its object ID, may be which role',
        form: UUID_FORM,
        claim: 'oid',
      },
    ],
    isIssuer: isEntra,
  },
  {
    name: 'google-workloads',
    service: CLOUD,
    entry: 'google',
    parameters: [
      AUDIENCE,
      {
        kind: 'value',
        name: 'project',
        asks: 'The project of the service accounts',
        form: LABEL_FORM,
        replaces: 'example-project',
      },
      {
        kind: 'grant',
        name: 'account-role',
        asks: 'Which service account, by its unique ID, may be which role',
        form: NUMBER_FORM,
        claim: 'sub',
      },
    ],
    isIssuer: ({ hostname }) => hostname === 'accounts.google.com',
  },
  {
    name: 'aws-sts',
    service: CLOUD,
    entry: 'aws',
    parameters: [
      {
        kind: 'value',
        name: 'url',
        asks: "The account's issuer (aws iam enable-outbound-web-identity-federation prints it)",
        form: URL_FORM,
        replaces: 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws',
      },
      AUDIENCE,
      {
        kind: 'value',
        name: 'account',
        asks: 'The account',
        form: NUMBER_FORM,
        replaces: '123456789012',
      },
      {
        kind: 'grant',
        name: 'iam-role',
        asks: 'Which IAM role, by its ARN, may be which role',
        form: ARN_FORM,
        claim: 'sub',
      },
      {
        kind: 'grant',
        name: 'function-role',
        asks: 'Which Lambda function, by its ARN, may be which role',
        form: ARN_FORM,
        claim: '/https:~1~1sts.amazonaws.com~1/lambda_source_function_arn',
      },
    ],
    isIssuer: ({ hostname }) => hostname.endsWith('.tokens.sts.global.api.aws'),
  },
];
