// Issuers that sign tokens for everybody who has an account with them. Whoever accepts their tokens has to say whose:
// the signature tells nothing about that.
import type { Claims } from '../claims/claim.ts';

/** How strangers call what is theirs: they choose these names freely, as long as nobody else has them. */
export interface StrangerNames {
  /** An organization, group or domain. */
  readonly owner: string;
  /** A repository, project, pipeline or mailbox of it. */
  readonly thing: string;
  /** A branch, environment or workspace of that. */
  readonly place: string;
}

/** What may stand in a claim of a stranger's token, as far as the issuer lets strangers choose. */
export interface StrangerForm {
  readonly claim: string;
  /**
   * An RE2 expression for its texts, with groups `thing` and `place` where there are such names. `{owner}` stands for the
   * stranger, and `{id}` for the number that the issuer gave.
   */
  readonly pattern: string;
  /** An RE2 expression for names of owners; undefined where the form does not name the owner. */
  readonly owners?: string;
  /** A name that no rule knows; default: stranger. */
  readonly stranger?: string;
}

/** An issuer that strangers share. */
export interface PublicIssuer {
  readonly url: RegExp;
  readonly name: string;
  /** Claims that a stranger cannot choose freely: rules on others shut nobody out. */
  readonly tenantClaims: readonly string[];
  /** Where a stranger may choose what `sub` is made of: a rule on it names the owner only if its text matches this. */
  readonly ownerInSubject?: RegExp;
  /** The claim to pin, for advice. */
  readonly pin: string;
  /** Tokens of strangers, as the issuer documents them, by the claims that matter. */
  readonly strangers: (names: StrangerNames) => readonly Claims[];
  /** What strangers may make of the claims that they have a part in; none where they choose nothing. */
  readonly forms: readonly StrangerForm[];
  /** An address that a stranger may bear although its domain is another's; undefined where the issuer sees to that. */
  readonly borrowed?: (domain: string, mailbox: string) => Claims | undefined;
}

/** Names of branches and tags (git-check-ref-format): no colon, and nearly everything else, `@` and `/` among it. */
const REF = String.raw`[^\x00-\x20~^:?*\[\\{./]+(?:[./][^\x00-\x20~^:?*\[\\{./]+)*`;
/** What has its colons escaped when it becomes part of a subject. */
const PART = String.raw`[^\x00-\x1f:]+`;

const GITHUB_OWNER = '[A-Za-z0-9](?:-?[A-Za-z0-9])*';
const GITHUB_REPOSITORY = String.raw`(?P<thing>[\w.-]+)`;
const GITHUB_CONTEXT = `(?:ref:refs/(?:heads|tags)/(?P<place>${REF})|environment:${PART}|pull_request)`;
/** Other claims that a repository may compose its subject of; those of reusable workflows may be anybody's. */
const GITHUB_CLAIMS = `(?::(?:ref:refs/heads/${REF}|head_ref:${REF}|environment:${PART}|workflow:${PART}|job_workflow_ref:${PART}|actor:{owner}|repository_owner:{owner}))`;

const GITLAB_GROUP = String.raw`[A-Za-z0-9_][\w.-]*`;
/** A project, below subgroups perhaps. */
const GITLAB_PATH = `(?P<thing>${GITLAB_GROUP}(?:/${GITLAB_GROUP})*)`;

/** A domain, as far as it is anybody's: what is below it belongs to whoever has it. */
const DOMAIN = {
  pattern: '(?:[a-z0-9-]+[.])*{owner}',
  owners: '[a-z0-9-]+[.][a-z]{2,}',
  stranger: 'stranger.example',
};

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
    // A repository may have other claims in its subject than those by default, and leave itself out.
    ownerInSubject:
      /(?:^|[^a-z_])(?:repo|repository|repository_id|repository_owner|repository_owner_id|workflow_ref|enterprise|enterprise_id):/,
    strangers: ({ owner, thing, place }) => {
      const jobs = [`ref:refs/heads/${place}`, `environment:${place}`, 'pull_request'];
      const paths = [`${owner}/${thing}`, `${owner}@90000001/${thing}@90000002`];
      const subjects = paths.flatMap((path) => jobs.map((job) => `repo:${path}:${job}`));
      return [...subjects, `repository_owner:${owner}`].map((sub) => ({
        sub,
        repository: `${owner}/${thing}`,
        repository_id: '90000002',
        repository_owner: owner,
        repository_owner_id: '90000001',
        workflow_ref: `${owner}/${thing}/.github/workflows/ci.yml@refs/heads/${place}`,
        enterprise: owner,
        enterprise_id: '90000003',
      }));
    },
    forms: [
      ...['{owner}', '{owner}@{id}'].map((owner) => ({
        claim: 'sub',
        pattern: `repo:${owner}/${GITHUB_REPOSITORY}(?:@90000002)?:${GITHUB_CONTEXT}`,
        owners: GITHUB_OWNER,
      })),
      {
        claim: 'sub',
        pattern: `repo:{owner}(?:@90000001)?/${GITHUB_REPOSITORY}(?:@90000002)?(?::${GITHUB_CONTEXT})?${GITHUB_CLAIMS}+`,
      },
      { claim: 'repository', pattern: `{owner}/${GITHUB_REPOSITORY}`, owners: GITHUB_OWNER },
      { claim: 'repository_owner', pattern: '{owner}', owners: GITHUB_OWNER },
      {
        claim: 'workflow_ref',
        pattern: `{owner}/${GITHUB_REPOSITORY}/\\.github/workflows/[^/@:]+\\.ya?ml@refs/heads/(?P<place>${REF})`,
        owners: GITHUB_OWNER,
      },
    ],
  },
  {
    url: /^https:\/\/gitlab\.com\/?$/,
    name: 'gitlab.com',
    tenantClaims: ['sub', 'namespace_id', 'namespace_path', 'project_id', 'project_path'],
    pin: 'namespace_id',
    strangers: ({ owner, thing, place }) =>
      [`project_path:${owner}/${thing}:ref_type:branch:ref:${place}`, '90000001'].map((sub) => ({
        sub,
        namespace_id: '90000001',
        namespace_path: owner,
        project_id: '90000002',
        project_path: `${owner}/${thing}`,
      })),
    forms: [
      {
        claim: 'sub',
        pattern: `project_path:{owner}/${GITLAB_PATH}:ref_type:(?:branch|tag):ref:(?P<place>${REF})`,
        owners: GITLAB_GROUP,
      },
      { claim: 'project_path', pattern: `{owner}/${GITLAB_PATH}`, owners: GITLAB_GROUP },
      { claim: 'namespace_path', pattern: '{owner}', owners: GITLAB_GROUP },
    ],
  },
  {
    url: /^https:\/\/accounts\.google\.com\/?$/,
    name: 'Google',
    tenantClaims: ['sub', 'hd', 'email', '/google/compute_engine/project_id'],
    pin: 'hd',
    strangers: ({ owner, thing }) => {
      const project = owner.replaceAll(/[._]/g, '-');
      return [
        { sub: '100000000000000000001', email: `${project}@gmail.com`, email_verified: true },
        {
          sub: '100000000000000000002',
          email: `${thing}@${owner}`,
          email_verified: true,
          hd: owner,
        },
        {
          sub: '100000000000000000003',
          email: `${thing}@${project}.iam.gserviceaccount.com`,
          email_verified: true,
          google: { compute_engine: { project_id: project } },
        },
      ];
    },
    // A private account may have any address whose mailbox was once its owner's; but for these Google gives addresses out.
    borrowed: (domain, mailbox) =>
      /\.[a-z]{2,}$/.test(domain) && !/(?:^gmail|\.gserviceaccount)\.com$/.test(domain)
        ? { sub: '100000000000000000004', email: `${mailbox}@${domain}`, email_verified: true }
        : undefined,
    forms: [
      { ...DOMAIN, claim: 'email', pattern: `(?P<thing>[a-z0-9._+-]+)@${DOMAIN.pattern}` },
      { claim: 'email', pattern: '{owner}@gmail[.]com', owners: '[a-z0-9]+(?:[.][a-z0-9]+)*' },
      { ...DOMAIN, claim: 'hd' },
    ],
  },
  {
    url: /^https:\/\/agent\.buildkite\.com\/?$/,
    name: 'Buildkite',
    tenantClaims: ['sub', 'organization_id', 'organization_slug', 'pipeline_id'],
    pin: 'organization_id',
    strangers: ({ owner, thing, place }) => [
      {
        sub: `organization:${owner}:pipeline:${thing}:ref:refs/heads/${place}:commit:0:step:0`,
        organization_id: '00000000-0000-4000-8000-000000000001',
        organization_slug: owner,
        pipeline_id: '00000000-0000-4000-8000-000000000002',
      },
    ],
    forms: [
      {
        claim: 'sub',
        // The key of a step may have colons in it.
        pattern: `organization:{owner}:pipeline:(?P<thing>[a-z0-9-]+):ref:refs/heads/(?P<place>${REF}):commit:[0-9a-f]+:step:[A-Za-z0-9_:-]*`,
        owners: '[a-z0-9-]+',
      },
      { claim: 'organization_slug', pattern: '{owner}', owners: '[a-z0-9-]+' },
    ],
  },
  {
    // Every tenant's, every organization's, and everybody's with a personal account.
    url: /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net)\/(?:common|organizations|consumers|9188040d-6c67-4c5b-b112-36a304b66dad)(?:\/|$)/,
    name: 'Microsoft Entra for all tenants',
    tenantClaims: ['tid', 'oid', 'sub'],
    pin: 'tid',
    strangers: () => [
      {
        tid: '00000000-0000-4000-8000-000000000001',
        oid: '00000000-0000-4000-8000-000000000002',
        sub: 'stranger',
      },
    ],
    forms: [],
  },
  {
    url: /^https:\/\/app\.terraform\.io\/?$/,
    name: 'HCP Terraform',
    tenantClaims: ['sub', 'terraform_organization_id', 'terraform_organization_name'],
    pin: 'terraform_organization_id',
    strangers: ({ owner, thing, place }) => [
      {
        sub: `organization:${owner}:project:${thing}:workspace:${place}:run_phase:apply`,
        terraform_organization_id: 'org-90000001',
        terraform_organization_name: owner,
      },
    ],
    forms: [
      {
        claim: 'sub',
        pattern:
          'organization:{owner}:project:(?P<thing>[A-Za-z0-9 _-]+):workspace:(?P<place>[A-Za-z0-9_-]+):run_phase:(?:plan|apply)',
        owners: '[A-Za-z0-9_-]+',
      },
      { claim: 'terraform_organization_name', pattern: '{owner}', owners: '[A-Za-z0-9_-]+' },
    ],
  },
];
