// cognito-local, which plays Amazon Cognito: packaging/examples/cognito.yaml with its tokens. Its discovery document names an
// address of its own making, so that the keys' address is written out; that of Amazon Cognito is right.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod/mini';

import type { Provider } from '../provider.ts';
import { installOfNPM, startServer } from './npm-server.ts';
import { startWith } from './start-with.ts';

const PASSWORD = 'Only-for-tests-1';

export const cognitoLocal: Provider = {
  name: 'cognito-local',
  install: installOfNPM('cognito-local'),
  start: startWith(async (stack, options) => {
    const { folder, programs } = options;
    await mkdir(join(folder, '.cognito'));
    const program = join(programs['folder'] ?? '', 'node_modules/cognito-local/lib/bin/start.js');
    const { url, ask } = await startServer(
      stack,
      options,
      (port, { cert, key }) => [
        'sh',
        '-c',
        `cd "$0" && printf %s "$1" >.cognito/config.json && exec "$2" "$3"`,
        folder,
        JSON.stringify({
          // As Amazon has it by default: names of people, and ID tokens for an hour (below).
          UserPoolDefaults: { UsernameAttributes: [] },
          TokenConfig: { IssuerDomain: `https://127.0.0.1:${port}` },
          ServerConfig: { https: true, hostname: '127.0.0.1', port, cert, key },
        }),
        process.execPath,
        program,
      ],
      '/health',
    );
    const call = async (action: string, json: unknown): Promise<unknown> => {
      const answer = await ask(url, {
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `AWSCognitoIdentityProviderService.${action}`,
        },
        json,
      });
      return answer.text === '' ? {} : JSON.parse(answer.text);
    };
    const made = z.looseObject({ UserPool: z.looseObject({ Id: z.string() }) });
    const { UserPool } = made.parse(await call('CreateUserPool', { PoolName: 'people' }));
    const UserPoolId = UserPool.Id;
    const validity = {
      IdTokenValidity: 60,
      AccessTokenValidity: 60,
      TokenValidityUnits: { IdToken: 'minutes', AccessToken: 'minutes' },
    };
    const madeClient = z.looseObject({ UserPoolClient: z.looseObject({ ClientId: z.string() }) });
    const createClient = async (ClientName: string): Promise<string> =>
      madeClient.parse(await call('CreateUserPoolClient', { UserPoolId, ClientName, ...validity }))
        .UserPoolClient.ClientId;
    const clients = new Map<string, string>();
    for (const name of ['postgres', 'grafana']) clients.set(name, await createClient(name));
    await call('CreateGroup', { UserPoolId, GroupName: 'dba' });
    for (const Username of ['alice', 'bob']) {
      await call('AdminCreateUser', { UserPoolId, Username, MessageAction: 'SUPPRESS' });
      const person = { UserPoolId, Username };
      await call('AdminSetUserPassword', { ...person, Password: PASSWORD, Permanent: true });
    }
    await call('AdminAddUserToGroup', { UserPoolId, Username: 'alice', GroupName: 'dba' });
    const pool = `${url}/${UserPoolId}`;
    return {
      config: {
        example: 'cognito.yaml',
        replacements: {
          'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_a1B2c3D4e\n': `${pool}\n    certificateAuthorityFile: ca.pem\n`,
          '7f2q9k3m1p8s5t6v4w0x2y3z1a': clients.get('postgres') ?? '',
          '  token:\n': `  keys: {jwksURI: "${pool}/.well-known/jwks.json"}\n  token:\n`,
        },
      },
      getToken: async (name) => {
        const [USERNAME = '', client = '', kind = ''] = name.split(' ');
        const result = await call('InitiateAuth', {
          ClientId: clients.get(client),
          AuthFlow: 'USER_PASSWORD_AUTH',
          AuthParameters: { USERNAME, PASSWORD },
        });
        const { AuthenticationResult } = z
          .looseObject({ AuthenticationResult: z.record(z.string(), z.unknown()) })
          .parse(result);
        return z.string().parse(AuthenticationResult[kind]);
      },
    };
  }),
  logins: [
    {
      what: 'an ID token logs in as the user name',
      token: 'alice postgres IdToken',
      role: 'alice',
      expected: 'granted',
    },
    {
      what: 'an ID token of a member of a group logs in as its role',
      token: 'alice postgres IdToken',
      role: 'dba_rw',
      expected: 'granted',
    },
    {
      what: 'somebody who is not in the group does not log in as its role',
      token: 'bob postgres IdToken',
      role: 'dba_rw',
      expected: /^denied ERR_/,
    },
    {
      what: 'an access token, which has no aud, does not log in, and the hint says that ID tokens have one',
      token: 'alice postgres AccessToken',
      role: 'alice',
      expected: /^denied ERR_CLAIM_MISSING .*aud.*HINT: .*ID token/,
    },
    {
      what: 'an ID token of another client does not log in',
      token: 'alice grafana IdToken',
      role: 'alice',
      expected: /^denied ERR_AUDIENCE_MISMATCH /,
    },
  ],
};
