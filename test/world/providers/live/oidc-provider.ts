// oidc-provider, a certified OpenID provider, as test/support/oidc-provider.ts configures it: an ID token got with a browser, and
// access tokens of RFC 9068 for the resource that a program asks for.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createOIDCClient, REDIRECT_URI } from '../../../support/oidc-client.ts';
import { startOIDCProvider } from '../../../support/oidc-provider.ts';
import { createSigningKey } from '../../../support/signing-key.ts';
import { pinnedVersion } from '../../machine/pinned-version.ts';
import type { Provider } from '../provider.ts';
import { startWith } from './start-with.ts';

const DATABASE = 'https://db.example.com';
const OTHER = 'https://other.example.com';

export const oidcProvider: Provider = {
  name: 'oidc-provider',
  install: async () => {
    const pins = await readFile(join(import.meta.dirname, '../../../../package.json'), 'utf8');
    return {
      version: pinnedVersion(pins, /"oidc-provider": "([^"]+)"/),
      origin: `npm \`oidc-provider\`, Node ${process.version.slice(1)}`,
      programs: {},
    };
  },
  start: startWith(async (stack, { authority }) => {
    const secret = 'only-for-tests';
    const provider = stack.use(
      await startOIDCProvider(authority, {
        keys: [await createSigningKey('EdDSA', 'eddsa-1'), await createSigningKey('PS256', 'ps-1')],
        clients: [
          {
            client_id: 'postgres',
            application_type: 'native',
            token_endpoint_auth_method: 'none',
            redirect_uris: [REDIRECT_URI],
            grant_types: ['authorization_code'],
            response_types: ['code'],
            id_token_signed_response_alg: 'EdDSA',
          },
          {
            client_id: 'report-job',
            client_secret: secret,
            redirect_uris: [],
            grant_types: ['client_credentials'],
            response_types: [],
            id_token_signed_response_alg: 'EdDSA',
          },
        ],
        groups: { alice: ['dba'], 'report-job': ['reports'] },
        resources: {
          [DATABASE]: { audience: DATABASE, algorithm: 'PS256', lifetime: 600 },
          [OTHER]: { audience: OTHER, algorithm: 'PS256', lifetime: 600 },
        },
      }),
    );
    const client = stack.use(createOIDCClient(provider));
    return {
      config: {
        issuers: [
          {
            name: 'sso',
            issuer: {
              url: provider.url,
              audiences: ['postgres', DATABASE],
              audienceMatchPolicy: 'MatchAny',
              certificateAuthority: provider.certificateAuthority,
            },
            token: { algorithms: ['EdDSA', 'PS256'], maxLifetime: '1h' },
            cache: { unknownKeyCooldown: '1s' },
            roles: [{ claim: 'sub', pattern: '[a-z-]+' }],
          },
        ],
      },
      getToken: async (name) =>
        name === 'id'
          ? (await client.signIn({ client: 'postgres', account: 'alice' })).idToken
          : client.getOwnToken({
              client: 'report-job',
              secret,
              resource: name === 'other' ? OTHER : DATABASE,
            }),
      rotate: async () => {
        provider.replaceKeys([
          await createSigningKey('EdDSA', 'eddsa-2'),
          await createSigningKey('PS256', 'ps-2'),
        ]);
      },
    };
  }),
  logins: [
    {
      what: 'an ID token (EdDSA) logs in',
      token: 'id',
      role: 'alice',
      expected: 'granted',
    },
    {
      what: 'an access token of a program (PS256) logs in',
      token: 'access',
      role: 'report-job',
      expected: 'granted',
    },
    {
      what: 'an access token does not log in as another role',
      token: 'access',
      role: 'alice',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
    {
      what: 'an access token for another resource does not log in',
      token: 'other',
      role: 'report-job',
      expected: /^denied ERR_AUDIENCE_MISMATCH aud is "https:\/\/other\.example\.com"/,
    },
  ],
  afterRotation: [
    { what: 'an access token logs in', token: 'access', role: 'report-job', expected: 'granted' },
    { what: 'an ID token logs in', token: 'id', role: 'alice', expected: 'granted' },
  ],
};
