// Audiences that belong to another service. Whoever accepts one here, lets that service log in with every token that is
// sent to it, and so does whoever gets hold of such a token anywhere.

const FOREIGN: readonly (readonly [audience: RegExp, owner: string])[] = [
  [/^https:\/\/kubernetes\.default\.svc(?:\.|$)/, 'the Kubernetes API server'],
  [/^(?:kubernetes|k3s|api)$/, 'the Kubernetes API server'],
  [/^sts\.amazonaws\.com(?:\.cn)?$/, 'AWS STS'],
  [/^api:\/\/AzureADTokenExchange(?:$|[A-Z])/, 'Microsoft Entra workload identity'],
  [
    /^https:\/\/(?:management|graph|vault)\.(?:azure|microsoft)\.(?:com|net)\/?$/,
    'a Microsoft API',
  ],
  [/^(?:https:)?\/\/iam\.googleapis\.com\//, 'Google workload identity federation'],
  [/^https:\/\/[a-z0-9.-]+\.googleapis\.com\/?$/, 'a Google API'],
  [/^(?:vault|https:\/\/vault\..*)$/i, 'HashiCorp Vault'],
  [/^(?:sigstore|https:\/\/github\.com\/.*|https:\/\/gitlab\.com)$/, 'a service of the CI system'],
  [/^(?:account|istio-ca|argocd)$/, 'another service'],
  [/^spiffe:\/\/[^/]+\/?$/, 'a whole trust domain'],
];

/** @returns whose an audience is, or undefined when it may be ours. */
export function ownerOfAudience(
  audience: string,
  issuerURL: string | undefined,
): string | undefined {
  if (issuerURL !== undefined && trimSlash(audience) === trimSlash(issuerURL)) {
    return 'the issuer itself';
  }
  return FOREIGN.find(([pattern]) => pattern.test(audience))?.[1];
}

function trimSlash(url: string): string {
  return url.replace(/\/$/, '');
}
