// Ory Hydra: access tokens of programs as JWTs (client credentials), and ID tokens of people whom a login application of one's own
// lets in, which is played here.
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { findFreePort } from '../../../support/find-free-port.ts';
import { buildGo } from '../../machine/build-go.ts';
import { findGo } from '../../machine/find-go.ts';
import { startProcess } from '../../machine/start-process.ts';
import type { Provider } from '../provider.ts';
import { type Answer, createAsker } from './ask.ts';
import { startWith } from './start-with.ts';
import { writeCertificate } from './write-certificate.ts';

const VERSION = '2.3.0';
const SECRET = 'only-for-tests-and-long-enough';
const REDIRECT = 'http://127.0.0.1:8000/';
/** Where its login application would be. */
const LOGIN = 'https://login.example.com';

export const hydra: Provider = {
  name: 'Ory Hydra',
  install: async (cache, progress) => {
    const programs = await buildGo(
      {
        name: `hydra-${VERSION}`,
        module: join(import.meta.dirname, '../makers/hydra'),
        programs: { hydra: 'github.com/ory/hydra/v2' },
        tags: ['sqlite', 'sqlite_omit_load_extension'],
        hasC: true,
      },
      cache,
      progress,
    );
    const { version } = await findGo();
    return {
      version: VERSION,
      origin: `Go module \`github.com/ory/hydra/v2\`, ${version}`,
      programs,
    };
  },
  start: startWith(async (stack, { authority, folder, programs }) => {
    const { cert, key } = await writeCertificate(authority, folder);
    const [port, adminPort] = [await findFreePort(), await findFreePort()];
    const url = `https://127.0.0.1:${port}`;
    const admin = `https://127.0.0.1:${adminPort}/admin`;
    const serve = (at: number): unknown => ({
      host: '127.0.0.1',
      port: at,
      tls: { enabled: true, cert: { path: cert }, key: { path: key } },
    });
    const config = join(folder, 'hydra.json');
    await writeFile(
      config,
      JSON.stringify({
        dsn: 'memory',
        serve: { public: serve(port), admin: serve(adminPort) },
        urls: {
          self: { issuer: url },
          login: `${LOGIN}/login`,
          consent: `${LOGIN}/consent`,
        },
        strategies: { access_token: 'jwt' },
        secrets: { system: [SECRET] },
      }),
    );
    const { ask } = stack.use(createAsker(authority.certificate));
    const server = stack.use(
      startProcess({
        command: [programs['hydra'] ?? '', 'serve', 'all', '--sqa-opt-out', '-c', config],
        env: { HOME: folder },
      }),
    );
    await server.until('its keys', async () =>
      ask(`${url}/.well-known/jwks.json`).then(
        () => true,
        () => false,
      ),
    );

    const createClient = async (client: Readonly<Record<string, unknown>>): Promise<string> =>
      (await ask(`${admin}/clients`, { json: client })).member('client_id');
    const job = await createClient({
      client_name: 'report job',
      client_secret: SECRET,
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
      audience: ['postgres', 'vault'],
    });
    const app = await createClient({
      client_name: 'psql',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      redirect_uris: [REDIRECT],
      scope: 'openid',
    });

    /** As a browser does it, and the login application behind it. */
    const signIn = async (person: string): Promise<string> => {
      const cookies = new Map<string, string>();
      const visit = async (address: string): Promise<URL> => {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const answer = await ask(address, { headers: { cookie }, also: [302, 303] });
        for (const set of answer.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
          cookies.set(name, value);
        }
        return new URL(answer.headers.get('location') ?? 'none:');
      };
      const accept = async (what: string, from: URL, json: unknown): Promise<string> => {
        const challenge = from.searchParams.get(`${what}_challenge`) ?? '';
        const path = `/oauth2/auth/requests/${what}/accept?${what}_challenge=${encodeURIComponent(challenge)}`;
        return (await ask(`${admin}${path}`, { method: 'PUT', json })).member('redirect_to');
      };
      const verifier = randomBytes(32).toString('base64url');
      const query = new URLSearchParams({
        client_id: app,
        response_type: 'code',
        scope: 'openid',
        redirect_uri: REDIRECT,
        state: randomBytes(16).toString('base64url'),
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      const login = await visit(`${url}/oauth2/auth?${query.toString()}`);
      const consent = await visit(await accept('login', login, { subject: person }));
      const back = await visit(
        await accept('consent', consent, {
          grant_scope: ['openid'],
          session: { id_token: { groups: person === 'alice' ? ['dba'] : [] } },
        }),
      );
      const answer = await ask(`${url}/oauth2/token`, {
        form: {
          grant_type: 'authorization_code',
          client_id: app,
          code: back.searchParams.get('code') ?? `none in ${back.href}`,
          redirect_uri: REDIRECT,
          code_verifier: verifier,
        },
      });
      return answer.member('id_token');
    };
    const getOwnToken = async (audience: string): Promise<Answer> =>
      ask(`${url}/oauth2/token`, {
        form: {
          grant_type: 'client_credentials',
          client_id: job,
          client_secret: SECRET,
          audience,
        },
      });

    return {
      config: {
        issuers: [
          {
            name: 'hydra',
            issuer: {
              url,
              audiences: ['postgres', app],
              audienceMatchPolicy: 'MatchAny',
              certificateAuthority: authority.certificate,
            },
            cache: { unknownKeyCooldown: '1s' },
            roles: [
              { claim: 'sub', equals: job, role: 'report_job' },
              { claim: 'sub', pattern: '[a-z]+' },
              { claim: 'groups', equals: 'dba', role: 'dba_rw' },
            ],
          },
        ],
      },
      getToken: async (name) => {
        const [kind, of = ''] = name.split(' ');
        return kind === 'id' ? signIn(of) : (await getOwnToken(of)).member('access_token');
      },
      rotate: async () => {
        for (const set of ['hydra.jwt.access-token', 'hydra.openid.id-token']) {
          await ask(`${admin}/keys/${set}`, { json: { alg: 'RS256', use: 'sig' } });
        }
      },
    };
  }),
  logins: [
    {
      what: 'an access token of a program, as a JWT, logs in',
      token: 'access postgres',
      role: 'report_job',
      expected: 'granted',
    },
    {
      what: 'an access token of a program does not log in as a person',
      token: 'access postgres',
      role: 'alice',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
    {
      what: 'an access token of a program for another service does not log in',
      token: 'access vault',
      role: 'report_job',
      expected: /^denied ERR_AUDIENCE_MISMATCH aud is "vault"/,
    },
    {
      what: 'an ID token logs in as its subject',
      token: 'id alice',
      role: 'alice',
      expected: 'granted',
    },
    {
      what: 'an ID token of a member of a group logs in as its role',
      token: 'id alice',
      role: 'dba_rw',
      expected: 'granted',
    },
    {
      what: 'somebody who is not in the group does not log in as its role',
      token: 'id bob',
      role: 'dba_rw',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
  ],
  afterRotation: [
    {
      what: 'an access token of a program logs in',
      token: 'access postgres',
      role: 'report_job',
      expected: 'granted',
    },
    { what: 'an ID token logs in', token: 'id alice', role: 'alice', expected: 'granted' },
  ],
};
