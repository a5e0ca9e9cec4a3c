// The recipes of packaging/container and docs/operate/containers.md say the same, and what they name is there. The containers
// themselves are in running/ (npm run test:containers).
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseConfig } from '../../src/config/parse-config.ts';
import { readPage, ROOT } from '../docs/read-markdown.ts';
import { applyJSONPatch } from './apply-json-patch.ts';
import { operatorPod, podSchema } from './operator-pod.ts';
import { readCluster } from './read-cluster.ts';
import { readContainerfile, type Recipe } from './read-containerfile.ts';
import { readExamples } from './read-examples.ts';
import { readCompose } from './start-services.ts';

const FOLDER = 'packaging/container';
const QUOTED = [
  'compose.yaml',
  'compose-sidecar.yaml',
  'cloudnative-pg/cluster.yaml',
  'cloudnative-pg/cluster-with-daemon.yaml',
];
const page = readPage('docs/operate/containers.md');
const read = (path: string): string => readFileSync(join(ROOT, FOLDER, path), 'utf8');
const recipeOf = (path: string): Recipe =>
  readContainerfile(join(ROOT, FOLDER, path), { TARGETARCH: 'amd64' });

describe('docs/operate/containers.md', () => {
  it.each(QUOTED)('quotes the whole of %s', (path) => {
    expect(page.blocks.map(({ text }) => text)).toContain(read(path));
  });

  it('builds the images as the heads of the recipes say', () => {
    const commands = page.blocks
      .filter(({ language }) => language === 'sh')
      .map(({ text }) => text.replaceAll(/\s*\\\n\s*/g, ' '))
      .join('');
    for (const path of ['Containerfile', 'cloudnative-pg/Containerfile', 'daemon/Containerfile']) {
      const command = /^# {3}(docker build .+)$/m.exec(read(path))?.[1];
      expect(commands).toContain(`${command}\n`);
    }
  });

  it('has a pg_hba.conf that sends everybody to the PAM service of the image', () => {
    const { hba } = readExamples();
    expect(hba).toContain('hostssl all all all pam pamservice=postgresql-k8s\n');
    const scripts = recipeOf('Containerfile').steps.flatMap((step) =>
      step.kind === 'run' ? step.script : [],
    );
    expect(scripts.join('\n')).toContain(' /etc/pam.d/postgresql-k8s ');
  });
});

describe('the recipes', () => {
  it('mount folders and volumes, and no file by itself, which would stay what it was at the start', () => {
    for (const path of ['compose.yaml', 'compose-sidecar.yaml']) {
      const { services } = readCompose(join(ROOT, FOLDER, path));
      const targets = Object.values(services).flatMap(({ volumes }) =>
        volumes.map((volume) => volume.split(':')[1] ?? ''),
      );
      expect(targets).toContain('/etc/pgtoken');
      expect(targets.filter((target) => /\.(?!d$)[a-z]+$/.test(target))).toEqual([]);
    }
  });

  it.each([
    'Containerfile',
    'cloudnative-pg/Containerfile',
    'client/Containerfile',
    'daemon/Containerfile',
  ])('%s copies what there is, and the package of the architecture', async (path) => {
    const copied = recipeOf(path).steps.flatMap((step) => (step.kind === 'copy' ? step.from : []));
    expect(copied).toContain('build/pgtoken_*_amd64.deb');
    for (const from of copied.filter((name) => !name.startsWith('build/'))) {
      expect(await Array.fromAsync(glob(from, { cwd: ROOT }))).toEqual([from]);
    }
  });

  it('of the official images ends as its entrypoint, which is copied to where it is found', () => {
    const { entrypoint, command, steps, user } = recipeOf('Containerfile');
    expect(entrypoint).toEqual(['pgtoken-entrypoint']);
    expect(command).toEqual(['postgres']);
    expect(user).toBeUndefined();
    expect(steps).toContainEqual({
      kind: 'copy',
      from: `${FOLDER}/pgtoken-entrypoint`,
      to: '/usr/local/bin/',
    });
  });

  it('of the client is built as the pages of both programs say, and ends as nobody, with the command', () => {
    const { entrypoint, command, user } = recipeOf('client/Containerfile');
    expect([entrypoint, command, user]).toEqual([['pgtoken'], undefined, '65534']);
    const [, build = ''] = /^# {3}(docker build .+)$/m.exec(read('client/Containerfile')) ?? [];
    for (const name of ['pgpass', 'pooler']) {
      expect(readPage(`docs/connect/${name}.md`).text).toContain(`${build}\n`);
    }
  });

  it('of the daemon ends as nobody, with the daemon', () => {
    const { entrypoint, command, user } = recipeOf('daemon/Containerfile');
    expect([entrypoint, command, user]).toEqual([['pgtoken', 'serve'], undefined, '65534']);
  });

  it('of CloudNativePG ends as its user, without an entrypoint', () => {
    const { entrypoint, command, user } = recipeOf('cloudnative-pg/Containerfile');
    expect([entrypoint, command, user]).toEqual([undefined, undefined, '26']);
  });

  it.each(['compose.yaml', 'compose-sidecar.yaml', 'compose-client.yaml', 'compose-pooler.yaml'])(
    '%s mounts no volume that it does not have, and has none that it does not mount',
    (path) => {
      const { services, volumes } = readCompose(join(ROOT, FOLDER, path));
      const mounted = Object.values(services)
        .flatMap((service) => service.volumes.map((volume) => volume.split(':')[0] ?? ''))
        .filter((source) => !source.startsWith('.'));
      expect([...new Set(mounted)].toSorted()).toEqual(Object.keys(volumes).toSorted());
    },
  );

  it('of a Containerfile with a step that the tests cannot take is refused', () => {
    expect(() => readContainerfile(join(ROOT, 'README.md'), {})).toThrow(
      /README\.md has an instruction that the tests do not know: /,
    );
  });
});

describe('the cluster of CloudNativePG', () => {
  const cluster = readCluster();
  const service = read('cloudnative-pg/postgresql-k8s');

  it('has an issuers.yaml that is accepted, where the PAM service of the image looks for it', () => {
    expect(parseConfig(cluster.issuers)).toMatchObject({ ok: true });
    const lines = service.split('\n').filter((line) => /^(?:auth|account)\b/.test(line));
    expect(lines.length).toBe(2);
    for (const line of lines) {
      expect(line).toContain(` config=${cluster.path} `);
      expect(line).toMatch(/ helper=\/usr\/local\/bin\/pgtoken-in-pod$/);
    }
  });

  it('sends a role that it makes to that service', () => {
    const [line = ''] = cluster.hba;
    const [, group = ''] = / \+(\w+) all pam pamservice=postgresql-k8s$/.exec(line) ?? [];
    expect(cluster.roles.map(({ name }) => name)).toContain(group);
    expect(cluster.roles.filter(({ login }) => login)).toEqual([
      { name: 'foo:myservice', login: true, inRoles: [group] },
    ]);
  });

  it('has the image that docs/operate/containers.md builds', () => {
    expect(page.text).toContain(`-t ${cluster.imageName} .`);
  });
});

describe('the cluster of CloudNativePG with the daemon in each pod', () => {
  const cluster = readCluster('cluster-with-daemon.yaml');
  const { spec } = podSchema.parse(
    applyJSONPatch(operatorPod(cluster.imageName), cluster.podPatch),
  );

  it('has an issuers.yaml that is accepted, and that of the other cluster', () => {
    expect(parseConfig(cluster.issuers)).toMatchObject({ ok: true });
    expect(cluster.issuers).toBe(readCluster().issuers);
  });

  it('adds containers with the image that docs/operate/containers.md builds, and leaves the others as they are', () => {
    expect(spec.initContainers.map(({ name, image }) => [name, image])).toEqual([
      ['bootstrap-controller', 'the operator'],
      ['pgtoken-module', 'registry.example.com/pgtoken:0.2'],
      ['pgtoken', 'registry.example.com/pgtoken:0.2'],
    ]);
    expect(page.text).toContain('-t registry.example.com/pgtoken:0.2 .');
    expect(spec.containers.map(({ name }) => name)).toEqual(['postgres']);
  });

  it('mounts no volume that there is not, and gives the server nothing of it to write', () => {
    const names = spec.volumes.map(({ name }) => name);
    for (const { volumeMounts } of [...spec.initContainers, ...spec.containers]) {
      for (const { name } of volumeMounts) expect(names).toContain(name);
    }
    const added = spec.containers
      .flatMap(({ volumeMounts }) => volumeMounts)
      .filter(({ name }) => name.startsWith('pgtoken'));
    expect(added.map(({ readOnly }) => readOnly)).toEqual([true, true, true]);
  });

  it('has the module in a limited volume that the daemon does not have, from a container of another user', () => {
    const having = [...spec.initContainers, ...spec.containers].flatMap((container) =>
      container.volumeMounts
        .filter(({ name }) => name === 'pgtoken-module')
        .map(({ mountPath, readOnly = false }) => [container.name, mountPath, readOnly]),
    );
    expect(having).toEqual([
      ['pgtoken-module', '/pgtoken-module', false],
      ['postgres', '/pgtoken-module', true],
    ]);
    expect(spec.volumes.find(({ name }) => name === 'pgtoken-module')).toEqual({
      name: 'pgtoken-module',
      emptyDir: { sizeLimit: '8Mi' },
    });
    const users = spec.initContainers.map(({ securityContext }) => securityContext.runAsUser);
    expect(users).toEqual([undefined, 10002, 10001]);
  });

  it('has a PAM service that names module and socket as they are mounted', () => {
    const lines = cluster.files['postgresql-k8s']?.trim().split('\n') ?? [];
    expect(lines.length).toBe(2);
    for (const line of lines) {
      expect(line).toMatch(/ \/pgtoken-module\/pam_pgtoken\.so socket=\/pgtoken\/pgtoken\.sock$/);
    }
    const daemon = spec.initContainers.find(({ name }) => name === 'pgtoken');
    expect(daemon?.args).toContain('/pgtoken/pgtoken.sock');
  });
});

describe('a JSON patch', () => {
  it('adds to the end of a list, into it, and to an object', () => {
    const patch = [
      { op: 'add', path: '/a/-', value: 3 },
      { op: 'add', path: '/a/0', value: 1 },
      { op: 'add', path: '/b~1c', value: true },
    ];
    expect(applyJSONPatch({ a: [2] }, patch)).toEqual({ a: [1, 2, 3], 'b/c': true });
  });

  it.each([
    [[{ op: 'add', path: '/a/5', value: 1 }]],
    [[{ op: 'add', path: '/x/-', value: 1 }]],
    [[{ op: 'remove', path: '/a' }]],
  ])('that has no such place, or does something else, is an error: %j', (patch) => {
    expect(() => applyJSONPatch({ a: [2] }, patch)).toThrow(Error);
  });
});
