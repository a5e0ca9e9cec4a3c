// django-oauth-toolkit, with which a Django application is an OpenID provider. Its access tokens are opaque; its ID tokens name a
// person by the number of a row.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { installPyPI } from '../../machine/install-pypi.ts';
import { pinnedVersion } from '../../machine/pinned-version.ts';
import type { Provider } from '../provider.ts';
import { getCodeTokens } from './get-code-tokens.ts';
import { startServer } from './npm-server.ts';
import { startWith } from './start-with.ts';

const SOURCES = join(import.meta.dirname, '../makers/django');

export const djangoOAuthToolkit: Provider = {
  name: 'django-oauth-toolkit',
  install: async (cache, progress) => {
    const { folder, python } = await installPyPI({
      name: 'providers-django',
      sources: SOURCES,
      cache,
      progress,
    });
    const pins = await readFile(join(SOURCES, 'requirements.txt'), 'utf8');
    const django = pinnedVersion(pins, /^django==(\S+) ; python_full_version < /m);
    return {
      version: pinnedVersion(pins, /^django-oauth-toolkit==(\S+)/m),
      origin: `PyPI \`django-oauth-toolkit\`, Django ${django}, ${python}`,
      programs: { folder },
    };
  },
  start: startWith(async (stack, options) => {
    const program = options.programs['folder'] ?? '';
    const { url, ask } = await startServer(
      stack,
      options,
      (port, { cert, key }) => [
        'python3',
        join(program, 'provider.py'),
        `${port}`,
        cert,
        key,
        options.folder,
      ],
      '/o/.well-known/jwks.json',
      // Behind HTTPS, as the gateway interface says it.
      { PYTHONPATH: join(program, 'packages'), HTTPS: 'on' },
    );
    const issuer = `${url}/o`;
    return {
      config: {
        issuers: [
          {
            name: 'django',
            issuer: {
              url: issuer,
              audiences: ['postgres'],
              certificateAuthority: options.authority.certificate,
            },
            token: { algorithms: ['RS256'], maxLifetime: '10h' },
            roles: [
              { claim: 'sub', equals: '1', role: 'alice' },
              { claim: 'sub', equals: '2', role: 'bob' },
            ],
          },
        ],
      },
      getToken: async (name) => {
        const [person = '', client = '', kind = ''] = name.split(' ');
        const { headers } = await ask(`${url}/sign-in?name=${person}`);
        const cookie = headers.getSetCookie().map((one) => one.split(';')[0]);
        const answer = await getCodeTokens({
          ask,
          authorize: `${issuer}/authorize/`,
          token: `${issuer}/token/`,
          client,
          scope: 'openid',
          cookie: cookie.join('; '),
        });
        return answer.member(`${kind}_token`);
      },
    };
  }),
  logins: [
    {
      what: 'an ID token, with keys by discovery, logs in',
      token: 'alice postgres id',
      role: 'alice',
      expected: 'granted',
    },
    {
      what: 'an ID token of another person does not log in',
      token: 'bob postgres id',
      role: 'alice',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
    {
      what: 'an ID token of another client does not log in',
      token: 'alice grafana id',
      role: 'alice',
      expected: /^denied ERR_AUDIENCE_MISMATCH aud is "grafana"/,
    },
    {
      what: 'an access token, which is opaque, does not log in',
      token: 'alice postgres access',
      role: 'alice',
      expected: /^denied ERR_NOT_A_TOKEN the password is not a JWT/,
    },
  ],
};
