// Holds the files of packaging/examples/kubernetes to each other and to issuers.yaml beside them: who follows docs/issuers/kubernetes.md
// must get a cluster and a database host that fit. What keeps a .pgpass fresh runs here as it stands there.
import { readFileSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';

import { parsePoolerConfig } from '../../src/client/config/parse-pooler-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { defaultDiscoveryURL } from '../../src/issuers/discover.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';
import { compileRoleRules } from '../../src/roles/compile-role-rules.ts';
import { makeToken } from '../client/make-token.ts';
import { readPage, ROOT } from '../docs/read-markdown.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { writePgpassOnce } from './write-pgpass-once.ts';
import { at, FOLDER, listAt, readDocuments, readExample, readObject } from './read-manifests.ts';

const page = readPage('docs/issuers/kubernetes.md');
const MANIFESTS = [
  'discovery-access.yaml',
  'discovery-proxy.yaml',
  'myservice.yaml',
  'myservice-pooler.yaml',
  'reviewer.yaml',
];

function configurationOf(text: string) {
  const parsed = parseConfig(text);
  if (parsed.ok) return parsed.config;
  throw new Error(
    parsed.problems.map((problem) => formatProblem('issuers.yaml', problem)).join('\n'),
  );
}

const [entry] = configurationOf(readExample('issuers.yaml')).issuers;
if (entry === undefined) throw new Error('issuers.yaml has no issuer');
const { issuer } = entry;
const { url = '' } = issuer;
const jwksURL = `${url}/openid/v1/jwks`;

/** `name=value` of each flag of an API server, in order. */
const flags = {
  'kubeadm.yaml': listAt(
    readObject('kubeadm.yaml', 'ClusterConfiguration'),
    '/apiServer/extraArgs',
  ).map((flag) => `${String(at(flag, '/name'))}=${String(at(flag, '/value'))}`),
  'k3s.yaml': listAt(readDocuments('k3s.yaml')[0], '/kube-apiserver-arg').map(String),
};

describe('the API server', () => {
  it.each(Object.entries(flags))(
    'of %s issues tokens as issuers.yaml expects them',
    (_file, list) => {
      expect(list).toEqual([
        `service-account-issuer=${url}`,
        // The default one, second: tokens of running pods stay good.
        'service-account-issuer=https://kubernetes.default.svc.cluster.local',
        `service-account-jwks-uri=${jwksURL}`,
      ]);
    },
  );

  it('shows everybody the discovery document and the keys, and nothing else', () => {
    expect(readDocuments('discovery-access.yaml')).toEqual([
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'service-account-issuer-discovery-for-everybody' },
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'ClusterRole',
          name: 'system:service-account-issuer-discovery',
        },
        subjects: [
          { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:unauthenticated' },
        ],
      },
    ]);
  });
});

describe('reviewer.yaml', () => {
  it('lets its service account ask about tokens, pods and service accounts, and nothing else', () => {
    expect(at(readObject('reviewer.yaml', 'ClusterRole'), '/rules')).toEqual([
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      { apiGroups: [''], resources: ['pods', 'serviceaccounts'], verbs: ['get'] },
    ]);
    const account = at(readObject('reviewer.yaml', 'ServiceAccount'), '/metadata');
    const binding = readObject('reviewer.yaml', 'ClusterRoleBinding');
    expect(at(binding, '/subjects')).toEqual([{ kind: 'ServiceAccount', ...Object(account) }]);
    expect(at(binding, '/roleRef/name')).toBe(
      at(readObject('reviewer.yaml', 'ClusterRole'), '/metadata/name'),
    );
  });
});

describe('authentication.yaml', () => {
  it('lets unauthenticated clients ask for nothing but the two documents and the health checks', () => {
    const { anonymous } = z
      .looseObject({
        anonymous: z.strictObject({
          enabled: z.literal(true),
          conditions: z.array(z.strictObject({ path: z.string() })),
        }),
      })
      .parse(readObject('authentication.yaml', 'AuthenticationConfiguration'));
    expect(anonymous.conditions.map(({ path }) => path)).toEqual([
      ...[defaultDiscoveryURL(url), jwksURL].map((one) => new URL(one).pathname),
      '/livez',
      '/readyz',
      '/healthz',
    ]);
  });
});

describe('the proxy', () => {
  const deployment = readObject('discovery-proxy.yaml', 'Deployment');
  const service = readObject('discovery-proxy.yaml', 'Service');
  const configMap = readObject('discovery-proxy.yaml', 'ConfigMap');
  const nginx = String(at(configMap, '/data/nginx.conf'));
  const pod = at(deployment, '/spec/template/spec');
  const [container] = listAt(pod, '/containers');
  /** The values of a directive, wherever it stands. */
  const directive = (name: string): string[] =>
    [...nginx.matchAll(new RegExp(`^\\s*${name} ([^;]+);$`, 'gm'))].map(([, value = '']) => value);

  it('answers under the name of the issuer', () => {
    expect(directive('server_name')).toEqual([new URL(url).hostname]);
  });

  it('passes on the two documents that pgtoken asks for, as they are, and nothing else', () => {
    const locations = [...nginx.matchAll(/location ([^{]+) \{\s*([^}]+?)\s*\}/g)].map(
      ([, where = '', what = '']) => [where, what],
    );
    const wanted = [defaultDiscoveryURL(url), jwksURL].map((one) => new URL(one).pathname);
    expect(locations).toEqual([
      ...wanted.map((path) => [`= ${path}`, `proxy_pass https://kubernetes.default.svc${path};`]),
      ['/', 'return 404;'],
    ]);
  });

  it('sends no credentials, and checks who answers', () => {
    expect(directive('proxy_pass_request_headers')).toEqual(['off']);
    expect(directive('proxy_pass_request_body')).toEqual(['off']);
    expect(directive('proxy_method')).toEqual(['GET']);
    expect(directive('proxy_ssl_verify')).toEqual(['on']);
    expect(directive('proxy_ssl_name')).toEqual(['kubernetes.default.svc']);
    expect(at(pod, '/automountServiceAccountToken')).toBe(false);
  });

  it('listens where the service sends to, and the service where the URL points', () => {
    const [port, ...more] = listAt(container, '/ports');
    expect(more).toEqual([]);
    expect(directive('listen')).toEqual([`${String(at(port, '/containerPort'))} ssl`]);
    expect(at(service, '/spec/ports')).toEqual([
      {
        name: 'https',
        port: Number(new URL(url).port || 443),
        targetPort: at(port, '/name'),
      },
    ]);
    expect(at(container, '/readinessProbe/tcpSocket/port')).toBe(at(port, '/name'));
  });

  it('is what service and deployment select, in one namespace', () => {
    const labels = at(deployment, '/spec/template/metadata/labels');
    expect(at(deployment, '/spec/selector/matchLabels')).toEqual(labels);
    expect(at(service, '/spec/selector')).toEqual(labels);
    const namespace = at(readObject('discovery-proxy.yaml', 'Namespace'), '/metadata/name');
    for (const object of [configMap, deployment, service]) {
      expect(at(object, '/metadata/namespace')).toBe(namespace);
    }
  });

  it('finds every file it is configured with', () => {
    const mounts = listAt(container, '/volumeMounts');
    const paths = mounts.map((mount) => String(at(mount, '/mountPath')));
    expect(paths).toContain('/etc/nginx/nginx.conf');
    const files = [...nginx.matchAll(/ (\/(?:etc|tmp)\/[^;\s]+);/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((file) => !paths.includes(posix.dirname(file)))).toEqual([]);
    const volumes = listAt(pod, '/volumes').map((volume) => at(volume, '/name'));
    expect(mounts.map((mount) => at(mount, '/name'))).toEqual(volumes);
    const [configuration] = listAt(pod, '/volumes');
    expect(at(configuration, '/configMap/name')).toBe(at(configMap, '/metadata/name'));
  });
});

/** The environment of a container. */
function environment(container: unknown): Record<string, unknown> {
  return Object.fromEntries(
    listAt(container, '/env').map((one) => [String(at(one, '/name')), at(one, '/value')]),
  );
}

/** Where a container has a volume. */
function mountOf(container: unknown, volume: unknown): string {
  const mount = listAt(container, '/volumeMounts').find((one) => at(one, '/name') === volume);
  return String(at(mount, '/mountPath'));
}

describe('the workload', () => {
  const deployment = readObject('myservice.yaml', 'Deployment');
  const account = readObject('myservice.yaml', 'ServiceAccount');
  const pod = at(deployment, '/spec/template/spec');
  const [keeper] = listAt(pod, '/initContainers');
  const [program] = listAt(pod, '/containers');
  const [tokenVolume] = listAt(pod, '/volumes');
  const token = at(tokenVolume, '/projected/sources/0/serviceAccountToken');

  it('asks for a token that issuers.yaml accepts', () => {
    expect(issuer.audiences).toEqual([at(token, '/audience')]);
    const seconds = Number(at(token, '/expirationSeconds'));
    // What Kubernetes accepts, and what issuers.yaml does.
    expect(seconds).toBeGreaterThanOrEqual(600);
    expect(seconds).toBeLessThanOrEqual(entry.token.maxLifetime);
  });

  it('connects as the role that its token may be', () => {
    const [namespace, name] = [at(account, '/metadata/namespace'), at(account, '/metadata/name')];
    expect(at(pod, '/serviceAccountName')).toBe(name);
    expect(at(deployment, '/metadata/namespace')).toBe(namespace);
    expect(at(readObject('myservice.yaml', 'Namespace'), '/metadata/name')).toBe(namespace);
    const rolesOf = compileRoleRules(entry.roles, RULE_TOOLS, (path, message) => {
      throw new Error(`${path.join('.')}: ${message}`);
    });
    const sub = `system:serviceaccount:${String(namespace)}:${String(name)}`;
    expect(rolesOf({ sub })).toEqual([environment(program)['PGUSER']]);
    expect(page.text).toContain(`CREATE ROLE "${String(environment(program)['PGUSER'])}" LOGIN`);
  });

  it('encrypts, and checks the certificate of the server', () => {
    expect(environment(program)).toMatchObject({
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: 'system',
    });
  });

  it('has its .pgpass made for the server, the port and the role that it connects to', () => {
    for (const name of ['PGHOST', 'PGPORT', 'PGUSER', 'PGPASSFILE']) {
      expect(environment(program)[name]).toBe(environment(keeper)[name]);
    }
    expect(at(keeper, '/restartPolicy')).toBe('Always');
  });

  it('finds token and .pgpass where the volumes are', () => {
    const { PGPASSFILE: passfile } = environment(keeper);
    const folder = posix.dirname(String(passfile));
    const file = posix.join(mountOf(keeper, at(tokenVolume, '/name')), String(at(token, '/path')));
    const ready = posix.join(folder, 'ready');
    expect(listAt(keeper, '/args')).toEqual([
      'pgpass',
      '--token-file',
      file,
      '--ready-file',
      ready,
    ]);
    expect([mountOf(keeper, 'pgpass'), mountOf(program, 'pgpass')]).toEqual([folder, folder]);
    expect(at(keeper, '/startupProbe/exec/command')).toEqual(['test', '-e', ready]);
    expect(listAt(pod, '/volumes').map((volume) => at(volume, '/name'))).toEqual([
      'token',
      'pgpass',
    ]);
  });

  it('has the image that docs/connect/pgpass.md builds, in its compose twin too', () => {
    const image = String(at(keeper, '/image'));
    expect(readPage('docs/connect/pgpass.md').text).toContain(` -t ${image} .\n`);
    const services = servicesOf('compose-client.yaml');
    const [one, other] = [services['pgpass'], services['program']];
    expect(listAt(one, '/command').join(' ')).toBe(
      'pgpass --token-file /run/tokens/postgres --ready-file /run/pgpass/ready',
    );
    expect(at(one, '/image')).toBe(image);
    expect(at(other, '/image')).toBe(at(program, '/image'));
    expect(at(one, '/environment')).toEqual(environment(keeper));
    expect(at(other, '/environment')).toEqual(environment(program));
    expect(at(one, '/user')).toBe(at(other, '/user'));
  });

  it('runs as one user, so that only it may read its token', () => {
    expect(at(pod, '/securityContext/runAsUser')).toBe(1000);
    for (const container of [keeper, program]) {
      expect(at(container, '/securityContext/runAsUser')).toBeUndefined();
      expect(at(container, '/securityContext/readOnlyRootFilesystem')).toBe(true);
    }
  });

  it('keeps its .pgpass fresh: for its owner only, and as it was when there is no token', async () => {
    await using folder = await createTemporaryFolder('pgpass');
    const [tokenFile, passfile] = [join(folder.path, 'token'), join(folder.path, 'pgpass')];
    const refresh = async () =>
      writePgpassOnce(folder.path, { PGUSER: String.raw`foo:my\service` });
    for (const seconds of [1000, 2000]) {
      const text = makeToken({ exp: Math.floor(Date.now() / 1000) + seconds });
      await writeFile(tokenFile, `${text}\n`);
      expect(await refresh()).toMatchObject({ status: 0, stdout: '', stderr: '' });
      expect(await readFile(passfile, 'utf8')).toBe(
        `${String.raw`db.example.com:5432:*:foo\:my\\service:`}${text}\n`,
      );
      expect((await stat(passfile)).mode & 0o777).toBe(0o600);
    }
    const before = await readFile(passfile, 'utf8');
    await rm(tokenFile);
    expect((await refresh()).stderr).toContain('no such file');
    expect(await readFile(passfile, 'utf8')).toBe(before);
    expect(await readdir(folder.path)).toEqual(['pgpass']);
  });
});

describe('the workload with a pooler', () => {
  const FILE = 'myservice-pooler.yaml';
  const pod = at(readObject(FILE, 'Deployment'), '/spec/template/spec');
  const config = readObject(FILE, 'ConfigMap');
  const [pooler] = listAt(pod, '/initContainers');
  const [program] = listAt(pod, '/containers');
  const text = String(at(config, '/data/pooler.yaml'));
  const parsed = parsePoolerConfig(text, '/etc/pooler');
  if (!parsed.ok) throw new Error(`${FILE} has a pooler.yaml that is not accepted`);
  const { plan } = parsed;
  const volumesOf = (container: unknown): readonly unknown[] =>
    listAt(container, '/volumeMounts').map((mount) => at(mount, '/name'));

  it('is that of myservice.yaml in all that is not the pooler', () => {
    for (const kind of ['Namespace', 'ServiceAccount']) {
      expect(readObject(FILE, kind)).toEqual(readObject('myservice.yaml', kind));
    }
    const other = at(readObject('myservice.yaml', 'Deployment'), '/spec/template/spec');
    for (const path of ['/serviceAccountName', '/automountServiceAccountToken', '/volumes/0']) {
      const own = path === '/volumes/0' ? '/volumes/1' : path;
      expect(at(pod, own)).toEqual(at(other, path));
    }
    const image = String(at(pooler, '/image'));
    expect(image).toBe(at(listAt(other, '/initContainers')[0], '/image'));
    expect(readPage('docs/connect/pooler.md').text).toContain(` -t ${image} .\n`);
  });

  it('has two tenants, with the token of the pod and over TLS, of which the program uses one', () => {
    const token = posix.join(mountOf(pooler, 'token'), 'postgres');
    expect(plan.tenants.map(({ alias, host, database }) => [alias, host, database])).toEqual([
      ['orders', 'db.example.com', 'orders'],
      ['reports', 'db2.example.com', 'reporting'],
    ]);
    for (const { role, source } of plan.tenants) {
      expect([role, source]).toEqual([
        environment(program)['PGUSER'],
        { kind: 'file', path: token },
      ]);
    }
    expect(plan.tls.mode).toBe('verify-full');
    expect(environment(program)).toMatchObject({
      PGHOST: plan.listen.folder,
      PGPORT: String(plan.listen.port),
      PGDATABASE: plan.tenants[0]?.alias,
    });
    expect(environment(program)['PGPASSFILE']).toBeUndefined();
  });

  it('keeps its token and what PgBouncer has of it from the program, which gets the socket by its group', () => {
    expect(volumesOf(program)).toEqual(['socket']);
    expect(mountOf(program, 'socket')).toBe(plan.listen.folder);
    expect(volumesOf(pooler)).toEqual(['config', 'token', 'pooler', 'socket']);
    const users = [pooler, program].map((one) => at(one, '/securityContext/runAsUser'));
    expect(users).toEqual([65534, 1000]);
    expect(plan.listen.mode).toBe('0770');
    expect(at(pod, '/securityContext/fsGroup')).toBe(at(program, '/securityContext/runAsGroup'));
  });

  it('is started with its folder in a volume, is ready by a file there, and is given the time to drain', () => {
    const folder = mountOf(pooler, 'pooler');
    expect(listAt(pooler, '/args')).toEqual([
      'pooler',
      '--config',
      posix.join(mountOf(pooler, 'config'), 'pooler.yaml'),
      '--folder',
      posix.join(folder, 'pgbouncer'),
    ]);
    expect(plan.readyFile).toBe(posix.join(folder, 'ready'));
    expect(at(pooler, '/startupProbe/exec/command')).toEqual(['test', '-e', plan.readyFile]);
    expect(at(pooler, '/restartPolicy')).toBe('Always');
    expect(at(pod, '/terminationGracePeriodSeconds')).toBeGreaterThan(plan.drain + 10);
  });

  it('has a compose twin with the same pooler.yaml', () => {
    const services = servicesOf('compose-pooler.yaml');
    const [one, other] = [services['pooler'], services['program']];
    expect(at(one, '/image')).toBe(at(pooler, '/image'));
    expect(at(other, '/image')).toBe(at(program, '/image'));
    expect(at(one, '/command')).toEqual(listAt(pooler, '/args'));
    expect(at(other, '/command')).toEqual(listAt(program, '/command'));
    expect(at(other, '/environment')).toEqual(environment(program));
    expect([at(one, '/user'), at(other, '/user')]).toEqual(['65534:65534', '1000:1000']);
    const twin = readFileSync(join(ROOT, 'packaging/container/pooler.yaml'), 'utf8');
    expect(twin.split('\n').slice(1).join('\n')).toBe(text);
    const targets = listAt(one, '/volumes').map((volume) => String(volume).split(':')[1]);
    expect(targets).toEqual([
      posix.join(mountOf(pooler, 'config'), 'pooler.yaml'),
      ...['token', 'pooler', 'socket'].map((volume) => mountOf(pooler, volume)),
    ]);
  });

  it('is one of which each container is restricted', () => {
    for (const container of [pooler, program]) {
      expect(at(container, '/securityContext')).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });
});

/** The services of a file of packaging/container. */
function servicesOf(file: string) {
  const services = z.record(z.string(), z.looseObject({}));
  const text = readFileSync(join(ROOT, 'packaging/container', file), 'utf8');
  return z.looseObject({ services }).parse(parse(text, { merge: true })).services;
}

describe('the database host', () => {
  it('has a service file for every line of pg_hba.conf, and one line for each', async () => {
    const services = [...readExample('pg_hba.conf').matchAll(/pamservice=(\S+)/g)].map(
      ([, name = '']) => name,
    );
    expect(services.toSorted()).toEqual((await readdir(join(FOLDER, 'pam.d'))).toSorted());
    expect(page.sections.get('Which line of pg_hba.conf')).toContain(`pamservice=${services[0]}`);
  });

  it('lets PAM lines be reached with TLS only', () => {
    const lines = readExample('pg_hba.conf')
      .split('\n')
      .filter((line) => / pam /.test(line) && !line.startsWith('#'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !line.startsWith('hostssl '))).toEqual([]);
  });

  it('asks pam_pgtoken.so for login and account, and nobody else', async () => {
    for (const name of await readdir(join(FOLDER, 'pam.d'))) {
      const lines = readExample(join('pam.d', name))
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split(/\s+/));
      expect(lines).toEqual([
        ['auth', 'required', 'pam_pgtoken.so'],
        ['account', 'required', 'pam_pgtoken.so'],
      ]);
    }
  });
});

describe('docs/issuers/kubernetes.md', () => {
  it('leads to every file of the folder', async () => {
    const links = page.links.filter((link) => link.includes('examples/kubernetes/'));
    const files = (await readdir(FOLDER, { recursive: true, withFileTypes: true }))
      .filter((file) => file.isFile())
      .map((file) => posix.join(file.parentPath.slice(FOLDER.length + 1), file.name));
    const linked = new Set(links.map((link) => link.split('examples/kubernetes/')[1] ?? ''));
    expect([...linked].toSorted()).toEqual(files.toSorted());
  });

  it('has two clusters of one name whose roles are never the same', () => {
    const [example] = page.blocks.filter(({ language }) => language === 'yaml');
    const { issuers } = configurationOf(example?.text ?? '');
    expect(new Set(issuers.map((one) => one.issuer.url)).size).toBe(1);
    const roles = issuers.flatMap((one) =>
      compileRoleRules(one.roles, RULE_TOOLS, (path, message) => {
        throw new Error(`${path.join('.')}: ${message}`);
      })({ sub: 'system:serviceaccount:foo:my.service' }),
    );
    expect(roles).toEqual(['eu:foo:my.service', 'us:foo:my.service']);
  });
});

it('every manifest is of a kind and a version, with a name', async () => {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));
  expect(files.toSorted()).toEqual(
    [...MANIFESTS, 'authentication.yaml', 'issuers.yaml', 'k3s.yaml', 'kubeadm.yaml'].toSorted(),
  );
  for (const object of MANIFESTS.flatMap((file) => readDocuments(file))) {
    for (const path of ['/apiVersion', '/kind', '/metadata/name']) {
      expect(at(object, path)).toEqual(expect.any(String));
    }
  }
});
