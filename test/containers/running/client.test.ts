// The image for the client's side, as compose-client.yaml and compose-pooler.yaml start it, in the conditions of a pod: nobody
// (65534), no capability, a file system that is read-only, and the token in a volume as the kubelet projects it, which is replaced by
// switching `..data`. The programs beside it are psql, and know nothing of tokens.
import { chmod, copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { getContainerRuntimeClient, GenericContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';

import { CHECKOUT } from '../../package/machine/root-folder.ts';
import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../../support/certificate-authority.ts';
import { poll } from '../../support/poll.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';
import { buildImage, type Image } from '../build-image.ts';
import { readExamples } from '../read-examples.ts';
import {
  type Compose,
  readCompose,
  startLogged,
  startServices,
  type Service,
  type Services,
} from '../start-services.ts';
import {
  createConfiguration,
  ROLE,
  startIssuer,
  type ConfigurationFolder,
  type RunningIssuer,
} from './world.ts';

const NOBODY = '65534';
const FOLDER = join(CHECKOUT, 'packaging/container');

const stack = new AsyncDisposableStack();
let image: Image;
let issuer: RunningIssuer;
let folder: ConfigurationFolder;
let server: Service;
let hosts: { readonly host: string; readonly ipAddress: string }[];

beforeAll(async () => {
  const authority: CertificateAuthority = stack.use(await createCertificateAuthority());
  image = await buildImage(
    {
      suite: 'trixie',
      postgresql: '17',
      // The examples trust the authorities of the system.
      prepare: `
        echo '${authority.certificate}' >/usr/local/share/ca-certificates/test.crt
        update-ca-certificates`,
    },
    'packaging/container/client/Containerfile',
    inject('packages').current,
  );
  stack.defer(image.remove);
  issuer = stack.use(await startIssuer(image, authority, 'k8s-oidc.example.com'));
  const { hba, sql } = readExamples();
  const databases = 'CREATE DATABASE orders;\nCREATE DATABASE reporting;\n';
  folder = stack.use(await createConfiguration(image, authority, hba, `${sql}${databases}`));
  const issuers = writeIssuersYAML([
    {
      name: 'homelab',
      issuer: {
        url: `https://${issuer.host}`,
        audiences: ['postgres'],
        certificateAuthority: authority.certificate,
      },
      roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
    },
  ]);
  await writeFile(inside('pgtoken/issuers.yaml'), issuers);
  await chmod(inside('pgtoken/issuers.yaml'), 0o644);
  server = await startServer();
  const [network = ''] = server.container.getNetworkNames();
  const ipAddress = server.container.getIpAddress(network);
  hosts = ['db.example.com', 'db2.example.com'].map((host) => ({ host, ipAddress }));
  await mkdir(inside('tokens'));
  await chmod(inside('tokens'), 0o755);
  await symlink('..data/postgres', inside('tokens/postgres'));
});
afterAll(async () => {
  await stack.disposeAsync();
});
beforeEach(async () => publish('first'));

const inside = (path: string): string => join(folder.path, path);

/** The image has PostgreSQL of its base as well, and is started as that of the other side is. */
async function startServer(): Promise<Service> {
  const tls = ['cert_file=/etc/postgresql/server.crt', 'key_file=/etc/postgresql/server.key'];
  const settings = [
    'hba_file=/etc/postgresql/pg_hba.conf',
    'ssl=on',
    ...tls.map((set) => `ssl_${set}`),
  ];
  const script = `
    install -m 0644 /usr/share/pgtoken/pam.d/postgresql-k8s /etc/pam.d/postgresql-k8s
    usermod --append --groups pgtoken postgres
    exec pgtoken-entrypoint postgres ${settings.map((set) => `-c ${set}`).join(' ')}`;
  const prepared = new GenericContainer(image.name)
    .withEntrypoint(['bash', '-euc', script])
    .withUser('0')
    .withEnvironment(image.environment)
    .withCopyFilesToContainer([
      {
        source: join(FOLDER, 'pgtoken-entrypoint'),
        target: '/usr/local/bin/pgtoken-entrypoint',
        mode: 0o755,
      },
    ])
    .withBindMounts([
      { source: inside('pgtoken'), target: '/etc/pgtoken', mode: 'ro' },
      { source: inside('postgresql'), target: '/etc/postgresql', mode: 'ro' },
      { source: inside('initdb'), target: '/docker-entrypoint-initdb.d', mode: 'ro' },
    ])
    .withExtraHosts([issuer])
    .withWaitStrategy(Wait.forLogMessage(/listening on IPv4 address "0\.0\.0\.0"/));
  return startLogged(prepared, stack);
}

/** Replaces the token of the volume as the kubelet does: a new folder, and `..data` switched to it. */
async function publish(name: string): Promise<void> {
  const own = inside(`tokens/..${name}`);
  await rm(own, { recursive: true, force: true });
  await mkdir(own);
  await writeFile(join(own, 'postgres'), issuer.mint({ jti: name }));
  // As for a pod with fsGroup, or with one user.
  for (const [path, mode] of [
    [own, 0o755],
    [join(own, 'postgres'), 0o644],
  ] as const) {
    await chmod(path, mode);
  }
  await symlink(`..${name}`, inside('tokens/..data_tmp'));
  await rename(inside('tokens/..data_tmp'), inside('tokens/..data'));
}

const start = async (compose: Compose): Promise<Services> =>
  startServices(compose, { image, folder: folder.path, hosts });

/** What a program says that connects as its environment has it. */
async function ask({ container }: Service, sql: string, ...options: string[]): Promise<string> {
  const command = ['psql', '--no-psqlrc', '--no-password', '-A', '-t', ...options, '-c', sql];
  const { output, exitCode } = await container.exec(command);
  return exitCode === 0 ? output.trim() : `failed: ${output.trim()}`;
}

/** The tokens that have let somebody in since. */
const grantedSince = (from: number): readonly string[] =>
  server
    .log()
    .slice(from)
    .split('\n')
    .filter((line) => line.includes('"outcome":"granted"'))
    .map((line) => /"jti":"(\w+)"/.exec(line)?.[1] ?? '');

async function expectRestricted({ container }: Service): Promise<void> {
  const { output } = await container.exec([
    'sh',
    '-c',
    'id -u; grep -E "^(CapBnd|CapEff|NoNewPrivs)" /proc/1/status; touch /var/x /tmp/x 2>&1',
  ]);
  const none = '0000000000000000';
  expect(output.split('\n').slice(0, 4)).toEqual([
    NOBODY,
    `CapEff:\t${none}`,
    `CapBnd:\t${none}`,
    'NoNewPrivs:\t1',
  ]);
  expect(output.match(/Read-only file system/g)).toHaveLength(2);
}

/** Stops it as an engine does. @returns its exit status. */
async function stop({ container }: Service): Promise<unknown> {
  const { container: client } = await getContainerRuntimeClient();
  const raw = client.dockerode.getContainer(container.getId());
  await raw.kill({ signal: 'SIGTERM' });
  return raw.wait();
}

it('pgtoken pgpass: psql logs in beside it, and with the next token when the volume is switched', async () => {
  // As somebody would who runs both as nobody.
  const compose = readCompose(join(FOLDER, 'compose-client.yaml'), (text) =>
    text.replaceAll('1000', NOBODY),
  );
  await using services = await start(compose);
  const [keeper, program] = [services.get('pgpass'), services.get('program')];
  await expectRestricted(keeper);
  // Its first login needed no second attempt.
  await poll('the login of the program', () => program.log().includes(ROLE) || undefined);
  expect(program.log()).not.toContain('failed');

  const from = server.log().length;
  expect(await ask(program, 'select current_user')).toBe(ROLE);
  await publish('second');
  await poll('the new token', () =>
    keeper.log().split('the .pgpass has a new token').length > 2 ? true : undefined,
  );
  expect(await ask(program, 'select current_user')).toBe(ROLE);
  await poll('the audit lines', () => (grantedSince(from).includes('second') ? true : undefined));
  expect(new Set(grantedSince(from))).toEqual(new Set(['first', 'second']));
  expect(await stop(keeper)).toMatchObject({ StatusCode: 0 });
  expect(keeper.log()).not.toMatch(/eyJ|"level":"(?:warn|error|fatal)"/);
});

it('pgtoken pooler: psql asks two databases through it, over TLS, gets at no token, and is served with the next one', async () => {
  await copyFile(join(FOLDER, 'pooler.yaml'), inside('pooler.yaml'));
  await chmod(inside('pooler.yaml'), 0o644);
  const from = server.log().length;
  await using services = await start(readCompose(join(FOLDER, 'compose-pooler.yaml')));
  const [pooler, program] = [services.get('pooler'), services.get('program')];
  await expectRestricted(pooler);
  await poll('the login of the program', () => program.log().includes(ROLE) || undefined);
  expect(program.log()).not.toContain('failed');
  const who =
    "select concat_ws(' ', current_user, current_database(), ssl) from pg_stat_ssl where pid = pg_backend_pid()";
  expect(await ask(program, who)).toBe(`${ROLE} orders t`);
  expect(await ask(program, who, '--dbname=reports')).toBe(`${ROLE} reporting t`);
  expect(await ask(program, who, '--username=postgres')).toContain(
    'no authentication method is found',
  );
  expect(await ask(program, 'show databases', '--dbname=pgbouncer')).toMatch(/^failed: /);
  const { output } = await program.container.exec([
    'sh',
    '-c',
    'ls -d /run/pooler /var/run/secrets/tokens 2>&1; id -u; ls -lan /run/pooler-socket',
  ]);
  expect(output).toMatch(
    /cannot access '\/run\/pooler'.*cannot access '\/var\/run\/secrets\/tokens'/s,
  );
  expect(output).toMatch(/^srwxrwx--- 1 65534 1000 .*\.s\.PGSQL\.6432$/m);

  await publish('second');
  await poll('the new token', () =>
    pooler.log().split('a tenant has a new token').length > 4 ? true : undefined,
  );
  // As many sessions at once as no connection is there for yet.
  const answers = await Promise.all(
    [1, 2, 3].map(async () => ask(program, 'select current_user from pg_sleep(1)')),
  );
  expect(answers).toEqual([ROLE, ROLE, ROLE]);
  await poll('the audit lines', () => (grantedSince(from).includes('second') ? true : undefined));
  expect(new Set(grantedSince(from))).toEqual(new Set(['first', 'second']));
  expect(server.log().slice(from)).not.toContain('"outcome":"denied"');
  expect(await stop(pooler)).toMatchObject({ StatusCode: 0 });
  expect(pooler.log()).not.toMatch(/eyJ|"level":"(?:error|fatal)"/);
});
