// The vectors of every example, by the name of its file.
import { aks } from './aks.ts';
import { buildkite } from './buildkite.ts';
import { eks } from './eks.ts';
import { githubActions } from './github-actions.ts';
import { gitlabCI } from './gitlab-ci.ts';
import { gke } from './gke.ts';
import { kubernetesClosedAPI } from './kubernetes-closed-api.ts';
import { kubernetesDefaultIssuer } from './kubernetes-default-issuer.ts';
import { kubernetesTwoClusters } from './kubernetes-two-clusters.ts';
import type { ExampleRecipe } from './recipe.ts';
import { spiffe } from './spiffe.ts';

export const EXAMPLES: Readonly<Record<string, ExampleRecipe>> = {
  'kubernetes-default-issuer': kubernetesDefaultIssuer,
  'kubernetes-two-clusters': kubernetesTwoClusters,
  'kubernetes-closed-api': kubernetesClosedAPI,
  eks,
  gke,
  aks,
  'github-actions': githubActions,
  'gitlab-ci': gitlabCI,
  buildkite,
  spiffe,
};
