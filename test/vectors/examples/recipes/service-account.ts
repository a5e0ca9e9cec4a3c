// Tokens as a Kubernetes API server issues them: no typ, aud always a list, the objects under "kubernetes.io"; since 1.32
// with jti and with the node of the pod.
import type { Expected } from '../../tokens/vector.ts';
import { type KeyName, NOW, type TokenRecipe } from './recipe.ts';

/** What tells the tokens of one pod from those of another. */
export interface ServiceAccount {
  readonly issuer: string;
  /** Default: that of `KUBERNETES_KID`. */
  readonly kid?: string;
  readonly key?: KeyName;
  readonly namespace: string;
  readonly account: string;
}

/** Kubernetes names a key by the SHA-256 of it, in base64url. */
export const KUBERNETES_KID = '6N0bBcR5yL1mVh7sCq3pZ2wXk9tEoJ8aUdFgYxI4rTs';

export const OTHER_KUBERNETES_KID = 'qT4xH8vN2sLwY6bR1kFzD9cM3jGpU7eA5oXiVtB0nQ8';

/** The token of a pod's projected volume with expirationSeconds: 600. */
export function podToken(from: ServiceAccount): TokenRecipe {
  const { issuer, kid = KUBERNETES_KID, key = 'rsa', namespace, account } = from;
  return {
    key,
    header: { alg: 'RS256', kid },
    claims: {
      aud: ['postgres'],
      exp: NOW + 540,
      iat: NOW - 60,
      iss: issuer,
      jti: '0b6f8f0e-3c1d-4c5e-9a77-5a1f0c2d9e11',
      'kubernetes.io': {
        namespace,
        node: { name: 'node-1', uid: '7d1e6f0a-9b52-4f0e-8c1c-3f6a2b9d4e70' },
        pod: {
          name: `${account}-7c9d8b6f5-x2k4q`,
          uid: '3f2b1c9e-6a54-4d0b-b1f7-8e2d5c7a9f01',
        },
        serviceaccount: { name: account, uid: '5a7c2e1d-8f34-4b6a-9d20-1c3e5f7a9b42' },
      },
      nbf: NOW - 60,
      sub: `system:serviceaccount:${namespace}:${account}`,
    },
  };
}

/** The same, made by `kubectl create token`: bound to nothing but the account. */
export function boundToNothing(token: TokenRecipe, from: ServiceAccount): TokenRecipe {
  const { namespace, account } = from;
  return {
    ...token,
    claims: {
      ...token.claims,
      'kubernetes.io': {
        namespace,
        serviceaccount: { name: account, uid: '5a7c2e1d-8f34-4b6a-9d20-1c3e5f7a9b42' },
      },
    },
  };
}

/** As seen where `boundTo: [pod]` is demanded of such a token. */
export function notBound(): Expected {
  return {
    code: 'ERR_CLAIM_REJECTED',
    message:
      'the token is bound to nothing (kubernetes.io); expected a token bound to a pod (token.boundTo)',
  };
}
