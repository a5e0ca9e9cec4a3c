// Runs the containers of a pod as Kubernetes does, one after the other as they stand there: users, groups, capabilities, file systems
// and volumes are those of its specification. What the operator's own manager would do is a stand-in's.
import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GenericContainer, Wait } from 'testcontainers';

import type { TemporaryFolder } from '../support/temporary-folder.ts';
import type { Pod, PodContainer } from './operator-pod.ts';
import { type Service, startLogged } from './start-services.ts';

/** What a container is run with beside what its pod says. */
export interface Running {
  /** The image by the name that the pod has for it. */
  readonly imageOf: (name: string) => string;
  readonly entrypointOf: (name: string) => readonly string[];
  /** Volumes of kind configMap, by the name of the map: the text of each file. */
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the operator's manager would do: start the server, with files of its own. */
  readonly serverFiles: readonly { readonly source: string; readonly target: string }[];
  readonly prepareServer: (container: GenericContainer) => GenericContainer;
  /** Files that Kubernetes puts into each container. */
  readonly account: string;
  readonly hosts: readonly { readonly host: string; readonly ipAddress: string }[];
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

class RestrictedContainer extends GenericContainer {
  public withReadOnlyRoot(): this {
    this.hostConfig.ReadonlyRootfs = true;
    return this;
  }
}

/** Starts all but the operator's own. @returns each by its name; those that end have ended. */
export async function runPod(
  pod: Pod,
  running: Running,
  folder: TemporaryFolder,
  stack: AsyncDisposableStack,
): Promise<ReadonlyMap<string, Service>> {
  const { spec } = pod;
  const { fsGroup } = spec.securityContext;
  for (const { name, configMap } of spec.volumes) {
    const path = join(folder.path, name);
    await mkdir(path);
    if (configMap === undefined) {
      await chown(path, 0, fsGroup);
      await chmod(path, 0o2777); // as the kubelet makes an emptyDir with fsGroup
    } else {
      await writeConfigMap(path, running.configMaps[configMap.name] ?? {});
    }
  }
  const started = new Map<string, Service>();
  for (const container of [...spec.initContainers, ...spec.containers]) {
    if (container.name === 'bootstrap-controller') continue;
    started.set(container.name, await startContainer(container, pod, running, folder, stack));
  }
  return started;
}

/** Links to a folder whose name changes with its content. */
async function writeConfigMap(
  path: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  await chmod(path, 0o755);
  await mkdir(join(path, '..2026_01_31'));
  await chmod(join(path, '..2026_01_31'), 0o755);
  await symlink('..2026_01_31', join(path, '..data'));
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(path, '..2026_01_31', name), text);
    await chmod(join(path, '..2026_01_31', name), 0o644);
    await symlink(`..data/${name}`, join(path, name));
  }
}

async function startContainer(
  container: PodContainer,
  { spec }: Pod,
  running: Running,
  folder: TemporaryFolder,
  stack: AsyncDisposableStack,
): Promise<Service> {
  const {
    runAsUser = spec.securityContext.runAsUser,
    runAsGroup = spec.securityContext.runAsGroup,
  } = container.securityContext;
  const prepared = new RestrictedContainer(running.imageOf(container.image))
    .withReadOnlyRoot()
    .withUser(`${runAsUser}:${runAsGroup}`)
    .withDroppedCapabilities('ALL')
    .withSecurityOpt('no-new-privileges')
    .withExtraHosts([...running.hosts])
    .withEntrypoint([...(container.command?.slice(0, 1) ?? running.entrypointOf(container.image))])
    .withCommand([...(container.command?.slice(1) ?? []), ...(container.args ?? [])])
    .withBindMounts([
      ...container.volumeMounts.map(({ name, mountPath, subPath, readOnly = false }) => ({
        // What a subPath leads to is what it was when the container started.
        source: join(folder.path, name, ...(subPath === undefined ? [] : ['..data', subPath])),
        target: mountPath,
        mode: readOnly ? ('ro' as const) : ('rw' as const),
      })),
      { source: running.account, target: ACCOUNT, mode: 'ro' as const },
      ...(container.name === 'postgres' ? running.serverFiles : []).map((file) => ({
        ...file,
        mode: 'ro' as const,
      })),
    ]);
  if (container.name === 'postgres') return startLogged(running.prepareServer(prepared), stack);
  return startLogged(
    prepared.withWaitStrategy(
      container.restartPolicy === 'Always'
        ? Wait.forLogMessage('"msg":"ready"')
        : Wait.forOneShotStartup(),
    ),
    stack,
  );
}
