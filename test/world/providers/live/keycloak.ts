// Keycloak, with the realm that packaging/examples/keycloak.yaml is for: the public client "postgres" with the mapper "Group Membership".
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod/mini';

import { findFreePort } from '../../../support/find-free-port.ts';
import { runChecked } from '../../../support/run-checked.ts';
import { buildOnce, fingerprintOf } from '../../machine/build-once.ts';
import { inheritEnvironment } from '../../../support/inherit-environment.ts';
import { needTool } from '../../machine/need-tool.ts';
import { pinnedVersion } from '../../machine/pinned-version.ts';
import { runFollowed } from '../../machine/run-followed.ts';
import { startProcess } from '../../machine/start-process.ts';
import type { Provider } from '../provider.ts';
import { createAsker } from './ask.ts';
import { startWith } from './start-with.ts';
import { writeCertificate } from './write-certificate.ts';

const SOURCES = join(import.meta.dirname, '../makers/keycloak');
const HINT =
  'Install Java 17 or newer, Maven and unzip (on Debian: openjdk-17-jdk-headless, maven, unzip) and put them in PATH.';

const ADMIN = { username: 'admin', password: 'only-for-tests' };
const PASSWORD = 'only-for-tests';

export const keycloak: Provider = {
  name: 'Keycloak',
  install: async (cache, progress) => {
    const java = await needTool('java', ['--version'], HINT);
    await needTool('mvn', ['--version'], HINT);
    await needTool('unzip', ['-v'], HINT);
    const version = pinnedVersion(
      await readFile(join(SOURCES, 'pom.xml'), 'utf8'),
      /<version>(\d+\.\d+\.\d+)</,
    );
    const folder = await buildOnce({
      name: 'keycloak',
      fingerprint: await fingerprintOf(SOURCES, [java]),
      cache,
      progress,
      make: async (made) => {
        const env = inheritEnvironment();
        await cp(SOURCES, made, { recursive: true });
        await progress.step('Keycloak: download', async (tell) =>
          runFollowed(
            'mvn',
            [
              '--batch-mode',
              `-Dmaven.repo.local=${join(cache, 'maven')}`,
              'dependency:copy-dependencies',
              '-DoutputDirectory=.',
            ],
            { cwd: made, env, onLine: tell },
          ),
        );
        await runChecked('sha256sum', ['--check', '--strict', 'archive.sha256'], { cwd: made });
        const [archive = ''] = (await readdir(made)).filter((name) => name.endsWith('.zip'));
        await runChecked('unzip', ['-q', archive], { cwd: made, hangLimit: 120_000 });
        await rm(join(made, archive));
        const home = join(made, `keycloak-${version}`);
        await progress.step('Keycloak: build', async (tell) =>
          runFollowed(join(home, 'bin/kc.sh'), ['build', '--db=dev-mem'], {
            cwd: home,
            env,
            onLine: tell,
          }),
        );
      },
    });
    return {
      version,
      origin: `Maven \`org.keycloak:keycloak-quarkus-dist\`, ${java.split(' ').slice(0, 2).join(' ')}`,
      programs: { home: join(folder, `keycloak-${version}`) },
    };
  },
  start: startWith(async (stack, { programs, folder, authority }) => {
    const { cert, key } = await writeCertificate(authority, folder);
    const [port, management] = [await findFreePort(), await findFreePort()];
    const url = `https://127.0.0.1:${port}`;
    const asker = stack.use(createAsker(authority.certificate));
    // It writes beside its libraries.
    const home = join(folder, 'keycloak');
    await mkdir(home);
    for (const name of ['bin', 'conf', 'lib', 'providers', 'themes']) {
      await cp(join(programs['home'] ?? '', name), join(home, name), { recursive: true });
    }
    // kc.sh runs Java as a child, and a script that is killed tells it nothing.
    const java = join(folder, 'java');
    await writeFile(java, '#!/bin/sh\nexec setpriv --pdeathsig=KILL -- java "$@"\n', {
      mode: 0o755,
    });
    const server = stack.use(
      startProcess({
        command: [
          join(home, 'bin/kc.sh'),
          'start',
          '--optimized',
          '--http-host=127.0.0.1',
          `--https-port=${port}`,
          `--http-management-port=${management}`,
          `--hostname=${url}`,
          `--https-certificate-file=${cert}`,
          `--https-certificate-key-file=${key}`,
          '--cache=local',
        ],
        // It makes the tables of its database first.
        startLimit: 600_000,
        env: {
          ...inheritEnvironment(),
          JAVA: java,
          // For a server that runs a minute.
          JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
          KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.username,
          KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
        },
      }),
    );
    const discovery = `${url}/realms/master/.well-known/openid-configuration`;
    await server.until('a Keycloak that answers', async () =>
      asker.ask(discovery).then(
        () => true,
        () => false,
      ),
    );
    const signIn = async (of: string, client: string, person: typeof ADMIN) =>
      asker.ask(`${url}/realms/${of}/protocol/openid-connect/token`, {
        form: { grant_type: 'password', client_id: client, scope: 'openid', ...person },
      });
    const administer = async (path: string, json?: unknown) => {
      const token = (await signIn('master', 'admin-cli', ADMIN)).member('access_token');
      const headers = { authorization: `Bearer ${token}` };
      return asker.ask(`${url}/admin/realms${path}`, {
        headers,
        ...(json === undefined ? {} : { json }),
      });
    };
    await administer('', realm());
    const id = z
      .looseObject({ id: z.string() })
      .parse(JSON.parse((await administer('/people')).text)).id;
    return {
      config: {
        example: 'keycloak.yaml',
        replacements: {
          'https://sso.example.com/realms/people\n': `${url}/realms/people\n    certificateAuthorityFile: ca.pem\n`,
        },
      },
      getToken: async (name) => {
        const [person = '', client = '', kind = ''] = name.split(' ');
        const answer = await signIn('people', client, { username: person, password: PASSWORD });
        return answer.member(`${kind}_token`);
      },
      rotate: async () => {
        await administer('/people/components', {
          name: 'rsa-next',
          providerId: 'rsa-generated',
          providerType: 'org.keycloak.keys.KeyProvider',
          parentId: id,
          config: {
            priority: ['200'],
            enabled: ['true'],
            active: ['true'],
            algorithm: ['RS256'],
          },
        });
      },
    };
  }),
  logins: [
    {
      what: 'an ID token of the public client logs in as the user name',
      token: 'alice postgres id',
      role: 'alice',
      expected: 'granted',
    },
    {
      what: 'an ID token of a member of a group logs in as its role',
      token: 'alice postgres id',
      role: 'dba_rw',
      expected: 'granted',
    },
    {
      what: 'a member of another group does not log in as that role',
      token: 'bob postgres id',
      role: 'dba_rw',
      expected: /^denied ERR_ROLE_NOT_PERMITTED /,
    },
    {
      what: 'somebody who is in neither group does not log in',
      token: 'carol postgres id',
      role: 'carol',
      expected: /^denied ERR_CLAIM_REJECTED .*groups/,
    },
    {
      what: 'an access token, whose audience is Keycloak itself, does not log in',
      token: 'alice postgres access',
      role: 'alice',
      expected: /^denied ERR_AUDIENCE_MISMATCH aud is "account"/,
    },
    {
      what: 'an ID token of another client does not log in',
      token: 'alice grafana id',
      role: 'alice',
      expected: /^denied ERR_AUDIENCE_MISMATCH aud is "grafana"/,
    },
  ],
  afterRotation: [
    {
      what: 'an ID token logs in',
      token: 'alice postgres id',
      role: 'alice',
      expected: 'granted',
    },
  ],
};

/** As the admin console makes them; the password grant stands for a browser. */
function realm(): unknown {
  const person = (username: string, groups: readonly string[]) => ({
    username,
    enabled: true,
    email: `${username}@example.com`,
    emailVerified: true,
    firstName: username,
    lastName: 'Example',
    credentials: [{ type: 'password', value: PASSWORD }],
    // What the admin console gives to everybody; of it comes the aud of an access token.
    realmRoles: ['default-roles-people'],
    groups,
  });
  const client = (clientId: string) => ({
    clientId,
    publicClient: true,
    directAccessGrantsEnabled: true,
    redirectUris: ['http://localhost:8000'],
    protocolMappers: [
      {
        name: 'groups',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-group-membership-mapper',
        config: {
          'claim.name': 'groups',
          'full.path': 'true',
          'id.token.claim': 'true',
          'access.token.claim': 'true',
          'userinfo.token.claim': 'true',
        },
      },
    ],
  });
  return {
    realm: 'people',
    enabled: true,
    groups: ['staff', 'dba', 'analysts'].map((name) => ({ name })),
    users: [
      person('alice', ['/staff', '/dba']),
      person('bob', ['/staff', '/analysts']),
      person('carol', ['/staff']),
    ],
    clients: [client('postgres'), client('grafana')],
  };
}
