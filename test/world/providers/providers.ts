// The providers of this part.
import { betterAuth } from './live/better-auth.ts';
import { cognitoLocal } from './live/cognito-local.ts';
import { djangoOAuthToolkit } from './live/django-oauth-toolkit.ts';
import { hydra } from './live/hydra.ts';
import { keycloak } from './live/keycloak.ts';
import { oauth2MockServer } from './live/oauth2-mock-server.ts';
import { oidcProvider } from './live/oidc-provider.ts';
import { spire, spireDiscovery } from './live/spire.ts';
import type { Provider } from './provider.ts';

export const PROVIDERS: readonly Provider[] = [
  keycloak,
  oidcProvider,
  betterAuth,
  oauth2MockServer,
  cognitoLocal,
  djangoOAuthToolkit,
  spire,
  spireDiscovery,
  hydra,
];
