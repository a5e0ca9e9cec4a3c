// Better Auth with its plugin for JWTs: a token of somebody who has signed up, for the server itself, signed with Ed25519.
import { join } from 'node:path';

import type { Provider } from '../provider.ts';
import { installOfNPM, startServer } from './npm-server.ts';
import { startWith } from './start-with.ts';

export const betterAuth: Provider = {
  name: 'Better Auth',
  install: installOfNPM('better-auth'),
  start: startWith(async (stack, options) => {
    const { url, ask } = await startServer(
      stack,
      options,
      (port, { cert, key }) => [
        process.execPath,
        join(options.programs['folder'] ?? '', 'better-auth.js'),
        `${port}`,
        cert,
        key,
      ],
      '/api/auth/jwks',
    );
    const sessions = new Map<string, string>();
    const signUp = async (name: string): Promise<string> => {
      const { headers } = await ask(`${url}/api/auth/sign-up/email`, {
        headers: { origin: url },
        json: { name, email: `${name}@example.com`, password: 'only-for-tests' },
      });
      const cookie = headers.getSetCookie().map((one) => one.split(';')[0]);
      return cookie.join('; ');
    };
    return {
      config: {
        issuers: [
          {
            name: 'better-auth',
            issuer: {
              url,
              audiences: [url],
              certificateAuthority: options.authority.certificate,
            },
            keys: { jwksURI: `${url}/api/auth/jwks` },
            token: { algorithms: ['EdDSA'], maxLifetime: '1h' },
            // Nobody has verified an address of these.
            roles: [{ claim: 'name', pattern: '[a-z]+' }],
          },
        ],
      },
      getToken: async (name) => {
        const cookie = sessions.get(name) ?? (await signUp(name));
        sessions.set(name, cookie);
        return (await ask(`${url}/api/auth/token`, { headers: { cookie } })).member('token');
      },
      rotate: async () => {
        await ask(`${url}/rotate`);
      },
    };
  }),
  logins: [
    {
      what: 'the token of a session (EdDSA) logs in',
      token: 'alice',
      role: 'alice',
      expected: 'granted',
    },
    {
      what: 'the token of a session does not log in as another role',
      token: 'alice',
      role: 'bob',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
  ],
  afterRotation: [
    { what: 'the token of a session logs in', token: 'alice', role: 'alice', expected: 'granted' },
  ],
};
