// The vectors of every example, by the name of its file.
import { aks } from './aks.ts';
import { auth0 } from './auth0.ts';
import { authentik } from './authentik.ts';
import { awsSTS } from './aws-sts.ts';
import { buildkite } from './buildkite.ts';
import { cognito } from './cognito.ts';
import { dex } from './dex.ts';
import { eks } from './eks.ts';
import { entraPeople } from './entra-people.ts';
import { entraWorkloads } from './entra-workloads.ts';
import { githubActions } from './github-actions.ts';
import { gitlabCI } from './gitlab-ci.ts';
import { gke } from './gke.ts';
import { googlePeople } from './google-people.ts';
import { googleWorkloads } from './google-workloads.ts';
import { keycloak } from './keycloak.ts';
import { kubernetesClosedAPI } from './kubernetes-closed-api.ts';
import { kubernetesDefaultIssuer } from './kubernetes-default-issuer.ts';
import { kubernetesTwoClusters } from './kubernetes-two-clusters.ts';
import { okta } from './okta.ts';
import type { ExampleRecipe } from './recipe.ts';
import { spiffe } from './spiffe.ts';
import { zitadel } from './zitadel.ts';

export const EXAMPLES: Readonly<Record<string, ExampleRecipe>> = {
  'kubernetes-default-issuer': kubernetesDefaultIssuer,
  'kubernetes-two-clusters': kubernetesTwoClusters,
  'kubernetes-closed-api': kubernetesClosedAPI,
  eks,
  gke,
  aks,
  keycloak,
  okta,
  auth0,
  dex,
  authentik,
  zitadel,
  cognito,
  'entra-people': entraPeople,
  'google-people': googlePeople,
  'github-actions': githubActions,
  'gitlab-ci': gitlabCI,
  buildkite,
  spiffe,
  'entra-workloads': entraWorkloads,
  'google-workloads': googleWorkloads,
  'aws-sts': awsSTS,
};
