// Issuers that sign tokens for everybody who has an account with them. Whoever accepts their tokens has to say whose:
// the signature tells nothing about that.
import type { Claims } from '../config/claim.ts';

/** An issuer that strangers share. */
export interface PublicIssuer {
  readonly url: RegExp;
  readonly name: string;
  /** Claims that a stranger cannot choose freely: rules on others shut nobody out. */
  readonly tenantClaims: readonly string[];
  /** The claim to pin, for advice. */
  readonly pin: string;
  /** Tokens of strangers, as the issuer documents them, by the claims that matter. */
  readonly strangers: readonly Claims[];
}

/** All that are known here; there may be others. */
export const PUBLIC_ISSUERS: readonly PublicIssuer[] = [
  {
    url: /^https:\/\/token\.actions\.githubusercontent\.com\/?$/,
    name: 'GitHub Actions',
    // Not job_workflow_ref: a stranger's job may run the public workflow of another repository.
    tenantClaims: [
      'sub',
      'repository',
      'repository_id',
      'repository_owner',
      'repository_owner_id',
      'workflow_ref',
      'enterprise',
      'enterprise_id',
    ],
    pin: 'repository_owner_id',
    strangers: ['stranger/app', 'stranger@90000001/app@90000002'].map((path) => ({
      sub: `repo:${path}:ref:refs/heads/main`,
      repository: 'stranger/app',
      repository_id: '90000002',
      repository_owner: 'stranger',
      repository_owner_id: '90000001',
      workflow_ref: 'stranger/app/.github/workflows/ci.yml@refs/heads/main',
      enterprise: 'strangers',
      enterprise_id: '90000003',
    })),
  },
  {
    url: /^https:\/\/gitlab\.com\/?$/,
    name: 'gitlab.com',
    tenantClaims: ['sub', 'namespace_id', 'namespace_path', 'project_id', 'project_path'],
    pin: 'namespace_id',
    strangers: ['project_path:stranger/app:ref_type:branch:ref:main', '90000001'].map((sub) => ({
      sub,
      namespace_id: '90000001',
      namespace_path: 'stranger',
      project_id: '90000002',
      project_path: 'stranger/app',
    })),
  },
  {
    url: /^https:\/\/accounts\.google\.com\/?$/,
    name: 'Google',
    tenantClaims: ['sub', 'hd', 'email', '/google/compute_engine/project_id'],
    pin: 'hd',
    strangers: [
      { sub: '100000000000000000001', email: 'stranger@gmail.com', email_verified: true },
      {
        sub: '100000000000000000002',
        email: 'stranger@stranger.example',
        email_verified: true,
        hd: 'stranger.example',
      },
      {
        sub: '100000000000000000003',
        email: 'app@stranger-1.iam.gserviceaccount.com',
        email_verified: true,
        google: { compute_engine: { project_id: 'stranger-1' } },
      },
    ],
  },
  {
    url: /^https:\/\/agent\.buildkite\.com\/?$/,
    name: 'Buildkite',
    tenantClaims: ['sub', 'organization_id', 'organization_slug', 'pipeline_id'],
    pin: 'organization_id',
    strangers: [
      {
        sub: 'organization:stranger:pipeline:app:ref:refs/heads/main:commit:0:step:0',
        organization_id: '00000000-0000-4000-8000-000000000001',
        organization_slug: 'stranger',
        pipeline_id: '00000000-0000-4000-8000-000000000002',
      },
    ],
  },
  {
    // Every tenant's, every organization's, and everybody's with a personal account.
    url: /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net)\/(?:common|organizations|consumers|9188040d-6c67-4c5b-b112-36a304b66dad)(?:\/|$)/,
    name: 'Microsoft Entra for all tenants',
    tenantClaims: ['tid', 'oid', 'sub'],
    pin: 'tid',
    strangers: [
      {
        tid: '00000000-0000-4000-8000-000000000001',
        oid: '00000000-0000-4000-8000-000000000002',
        sub: 'stranger',
      },
    ],
  },
  {
    url: /^https:\/\/app\.terraform\.io\/?$/,
    name: 'HCP Terraform',
    tenantClaims: ['sub', 'terraform_organization_id', 'terraform_organization_name'],
    pin: 'terraform_organization_id',
    strangers: [
      {
        sub: 'organization:stranger:project:p:workspace:w:run_phase:apply',
        terraform_organization_id: 'org-stranger',
        terraform_organization_name: 'stranger',
      },
    ],
  },
];
