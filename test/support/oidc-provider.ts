// A certified OpenID provider (the npm package oidc-provider) over HTTPS on the loopback interface, as the single sign-on of
// people and programs. What it issues is what it would issue to anybody: the test is its browser and its client.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';

import {
  type Adapter,
  type AdapterPayload,
  type ClientMetadata,
  type Configuration,
  type InteractionResults,
  type JWK,
  Provider,
} from 'oidc-provider';

import type { CertificateAuthority } from './certificate-authority.ts';
import type { SigningKey } from './signing-key.ts';

/** Something that tokens are for: what a client asks for as `resource` (RFC 8707). */
export interface ResourceServer {
  /** What becomes the `aud` of its tokens. */
  readonly audience: string;
  /** How its access tokens (at+jwt, RFC 9068) are signed. */
  readonly algorithm: 'EdDSA' | 'PS256';
  /** How long they are valid, in seconds. */
  readonly lifetime: number;
}

export interface OIDCProviderOptions {
  /** The first one of an algorithm signs. */
  readonly keys: readonly SigningKey[];
  readonly clients: readonly ClientMetadata[];
  /** The groups of each person, and of each client that gets tokens of its own. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly resources: Readonly<Record<string, ResourceServer>>;
}

export interface OIDCProvider extends AsyncDisposable {
  readonly url: string;
  /** The certificate of the authority that signed this server's, PEM. */
  readonly certificateAuthority: string;
  /** Starts anew with other keys, as an administrator does who rotates them; people stay signed in. */
  readonly replaceKeys: (keys: readonly SigningKey[]) => void;
}

export async function startOIDCProvider(
  authority: CertificateAuthority,
  options: OIDCProviderOptions,
): Promise<OIDCProvider> {
  const adapter = createAdapter();
  let provider: Provider;
  const server = createServer(await authority.issue(), (request, response) => {
    if (request.url?.startsWith(INTERACTION) !== true) {
      void provider.callback()(request, response);
      return;
    }
    interact(provider, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject).listen({ port: 0, host: '127.0.0.1' }, () => resolve(undefined));
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const url = `https://127.0.0.1:${address.port}`;

  const replaceKeys = (keys: readonly SigningKey[]): void => {
    provider = new Provider(url, {
      ...configure(options),
      adapter,
      jwks: { keys: keys.map(toJWK) },
    });
  };
  replaceKeys(options.keys);
  return {
    url,
    certificateAuthority: authority.certificate,
    replaceKeys,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<undefined>();
      server.close(() => closed.resolve(undefined));
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

const INTERACTION = '/interaction/';
const LIFETIME = 600;

function configure({ clients, groups, resources }: OIDCProviderOptions): Configuration {
  return {
    clients,
    claims: { openid: ['sub'], groups: ['groups'] },
    // Claims of a scope in the ID token too, as most providers have it.
    conformIdTokenClaims: false,
    cookies: { keys: ['only for tests'] },
    findAccount: (_, accountId) =>
      Object.hasOwn(groups, accountId)
        ? { accountId, claims: () => ({ sub: accountId, groups: groups[accountId] }) }
        : undefined,
    extraTokenClaims: (_, token) => {
      const owner = 'accountId' in token ? token.accountId : token.clientId;
      return { groups: groups[owner ?? ''] ?? [] };
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        // An access token for nothing in particular stays opaque.
        defaultResource: () => [],
        useGrantedResource: () => true,
        getResourceServerInfo: (_, indicator) => {
          const resource = resources[indicator];
          if (resource === undefined) throw new Error(`no such resource: ${indicator}`);
          return {
            scope: 'login',
            audience: resource.audience,
            accessTokenFormat: 'jwt',
            accessTokenTTL: resource.lifetime,
            jwt: { sign: { alg: resource.algorithm } },
          };
        },
      },
    },
    interactions: { url: (_, interaction) => `${INTERACTION}${interaction.uid}` },
    ttl: {
      AccessToken: (_, token) => token.resourceServer?.accessTokenTTL ?? LIFETIME,
      ClientCredentials: (_, token) => token.resourceServer?.accessTokenTTL ?? LIFETIME,
      Grant: LIFETIME,
      IdToken: LIFETIME,
      Interaction: LIFETIME,
      Session: LIFETIME,
    },
  };
}

/** The pages where people say who they are, and that a client may act for them: they get by without a password. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(prompt.name);
    return;
  }
  let result: InteractionResults;
  if (prompt.name === 'login') {
    const form = new URLSearchParams(await text(request));
    result = { login: { accountId: form.get('account') ?? '' } };
  } else {
    const grant = new provider.Grant({
      accountId: session?.accountId ?? '',
      clientId: String(params['client_id']),
    });
    const { missingOIDCScope, missingResourceScopes } = prompt.details;
    if (Array.isArray(missingOIDCScope)) grant.addOIDCScope(missingOIDCScope.join(' '));
    for (const [indicator, scopes] of Object.entries(missingResourceScopes ?? {})) {
      if (Array.isArray(scopes)) grant.addResourceScope(indicator, scopes.join(' '));
    }
    result = { consent: { grantId: await grant.save() } };
  }
  await provider.interactionFinished(request, response, result, {
    mergeWithLastSubmission: prompt.name !== 'login',
  });
}

function toJWK({ privateJWK }: SigningKey): JWK {
  const { kty, ...members } = privateJWK;
  if (kty === undefined) throw new Error('a key without kty');
  return { kty, ...members };
}

/** Keeps everything in memory, for all instances of a provider. */
function createAdapter(): (name: string) => Adapter {
  const stored = new Map<string, AdapterPayload>();
  return (name) => {
    const find = async (id: string) => stored.get(`${name}:${id}`);
    return {
      find,
      upsert: async (id, payload) => {
        stored.set(`${name}:${id}`, payload);
      },
      findByUid: async (uid) => stored.values().find((payload) => payload.uid === uid),
      findByUserCode: async () => undefined,
      consume: async (id) => {
        const payload = await find(id);
        if (payload !== undefined) payload['consumed'] = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => {
        stored.delete(`${name}:${id}`);
      },
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
      },
    };
  };
}
