// oauth2-mock-server, with which applications are tested: its ID tokens, and the access tokens of programs, which have no sub.
import { join } from 'node:path';

import type { Provider } from '../provider.ts';
import { getCodeTokens } from './get-code-tokens.ts';
import { installOfNPM, startServer } from './npm-server.ts';
import { startWith } from './start-with.ts';

export const oauth2MockServer: Provider = {
  name: 'oauth2-mock-server',
  install: installOfNPM('oauth2-mock-server'),
  start: startWith(async (stack, options) => {
    const { ask, port } = await startServer(
      stack,
      options,
      (free, { cert, key }) => [
        process.execPath,
        join(options.programs['folder'] ?? '', 'oauth2-mock-server.js'),
        `${free}`,
        cert,
        key,
      ],
      '/.well-known/openid-configuration',
    );
    // What it calls itself, whatever the address is.
    const url = `https://localhost:${port}`;
    return {
      config: {
        issuers: [
          {
            name: 'mock',
            issuer: {
              url,
              audiences: ['postgres'],
              certificateAuthority: options.authority.certificate,
            },
            roles: [{ claim: 'sub' }],
          },
        ],
      },
      getToken: async (name) => {
        const [kind, client = ''] = name.split(' ');
        const answer =
          kind === 'id'
            ? await getCodeTokens({
                ask,
                authorize: `${url}/authorize`,
                token: `${url}/token`,
                client,
                scope: 'openid',
                cookie: '',
              })
            : await ask(`${url}/token`, {
                form: { grant_type: 'client_credentials', scope: 'login', aud: client },
              });
        return answer.member(`${kind}_token`);
      },
    };
  }),
  logins: [
    {
      what: 'an ID token, with keys by discovery, logs in',
      token: 'id postgres',
      role: 'johndoe',
      expected: 'granted',
    },
    {
      what: 'an ID token of another client does not log in',
      token: 'id grafana',
      role: 'johndoe',
      expected: /^denied ERR_AUDIENCE_MISMATCH aud is "grafana"; expected "postgres"/,
    },
    {
      what: 'an access token of a program, which has no sub, does not log in',
      token: 'access postgres',
      role: 'johndoe',
      expected: /^denied ERR_CLAIM_MISSING the token has no sub;/,
    },
    {
      what: 'an access token of a program for another service does not log in',
      token: 'access vault',
      role: 'johndoe',
      expected: /^denied ERR_/,
    },
  ],
};
