// Runs the services of a compose file in containers, by testcontainers: Docker's compose is a program of its own, which an engine
// need not have. Knows what the files of packaging/container use, and throws for anything else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import { parse } from 'yaml';
import * as z from 'zod/mini';

import type { Image } from './build-image.ts';

const serviceSchema = z.strictObject({
  image: z.string(),
  entrypoint: z.optional(z.string()),
  command: z.array(z.string()),
  environment: z.optional(z.record(z.string(), z.string())),
  ports: z.optional(z.array(z.string())),
  volumes: z.array(z.string()),
  user: z.optional(z.string()),
  read_only: z.optional(z.literal(true)),
  cap_drop: z.optional(z.array(z.string())),
  security_opt: z.optional(z.array(z.string())),
  /** For whoever stops or starts it again, which here is a test. */
  restart: z.optional(z.string()),
  stop_grace_period: z.optional(z.string()),
  healthcheck: z.optional(
    z.strictObject({
      test: z.tuple([z.literal('CMD')], z.string()),
      interval: z.string(),
    }),
  ),
  /** Met by the order of the services: each is waited for. */
  depends_on: z.optional(
    z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })),
  ),
});
/** What the tests know of a compose file. */
const composeSchema = z.strictObject({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(
    z.string(),
    z.strictObject({ driver_opts: z.optional(z.record(z.string(), z.string())) }),
  ),
});
export type Compose = z.output<typeof composeSchema>;

/** Reads one. Throws at anything that the tests do not know. @param edit what its user changes in it. */
export function readCompose(path: string, edit = (text: string): string => text): Compose {
  return composeSchema.parse(parse(edit(readFileSync(path, 'utf8')), { merge: true }));
}

/** What an image that stands for an official one is started with. */
class ComposeContainer extends GenericContainer {
  public withReadOnlyRoot(): this {
    this.hostConfig.ReadonlyRootfs = true;
    return this;
  }
}

/** One container, with what it has written so far. */
export interface Service {
  readonly container: StartedTestContainer;
  readonly log: () => string;
}

export interface Services extends AsyncDisposable {
  readonly get: (name: string) => Service;
}

export interface ServicesOptions {
  /** What each service runs, whatever the file calls it. */
  readonly image: Image;
  /** Where `./` leads. */
  readonly folder: string;
  /** Names that they know beside those of their network. */
  readonly hosts: readonly { readonly host: string; readonly ipAddress: string }[];
}

/** Starts all services of a compose file, in its order. */
export async function startServices(
  given: string | Compose,
  options: ServicesOptions,
): Promise<Services> {
  const { image, folder, hosts } = options;
  const compose = typeof given === 'string' ? readCompose(given) : given;
  const stack = new AsyncDisposableStack();
  const prefix = `pgtoken-${process.pid}-${Date.now()}`;
  const volumeOf = (name: string): string => `${prefix}-${name}`;
  stack.defer(async () => {
    const { container } = await getContainerRuntimeClient();
    for (const name of Object.keys(compose.volumes)) {
      // One that was never made hides what went wrong.
      await container.dockerode
        .getVolume(volumeOf(name))
        .remove({ force: true })
        .catch((error: unknown) => {
          if (!String(error).includes('no such volume')) throw error;
        });
    }
  });

  const services = new Map<string, Service>();
  try {
    for (const [name, { driver_opts: driverOptions }] of Object.entries(compose.volumes)) {
      if (driverOptions !== undefined) {
        const { container } = await getContainerRuntimeClient();
        const volume = { Name: volumeOf(name), Driver: 'local', DriverOpts: driverOptions };
        await container.dockerode.createVolume(volume);
      }
    }
    for (const [name, service] of Object.entries(compose.services)) {
      const prepared = new ComposeContainer(image.name)
        .withEntrypoint(entrypointOf(service, image))
        .withCommand([...service.command])
        .withEnvironment({ ...image.environment, ...service.environment })
        .withExtraHosts([...hosts])
        .withExposedPorts(...(service.ports ?? []).map((port) => Number(port.split(':').at(-1))))
        .withBindMounts(
          service.volumes.map((volume) => {
            const [source = '', target = '', mode = 'rw'] = volume.split(':');
            if (mode !== 'rw' && mode !== 'ro') throw new Error(`${name}: mode of ${volume}`);
            if (source.startsWith('.')) return { source: join(folder, source), target, mode };
            if (!Object.hasOwn(compose.volumes, source)) throw new Error(`${name}: no ${source}`);
            return { source: volumeOf(source), target, mode };
          }),
        );
      const user = service.user ?? image.recipe.user;
      if (user !== undefined) prepared.withUser(user);
      if (service.read_only) {
        // podman gives such a container places to write to; Docker and Kubernetes do not.
        prepared.withReadOnlyRoot().withTmpFs({ '/tmp': 'ro', '/var/tmp': 'ro' });
      }
      if (service.cap_drop) prepared.withDroppedCapabilities(...service.cap_drop);
      if (service.security_opt) {
        prepared.withSecurityOpt(
          ...service.security_opt.map((option) => option.replace(/:true$/, '')),
        );
      }
      if (service.healthcheck) {
        const [, ...words] = service.healthcheck.test;
        prepared.withWaitStrategy(Wait.forSuccessfulCommand(words.join(' ')));
      }
      services.set(name, await startLogged(prepared, stack));
    }
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
  return {
    get: (name) => {
      const service = services.get(name);
      if (service === undefined) throw new Error(`there is no service ${name}`);
      return service;
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
}

/** Of the recipe, where the service is of the image that the recipe makes; the official images of others have none that matters. */
function entrypointOf(
  { entrypoint, image: name }: Compose['services'][string],
  { recipe }: Image,
): string[] {
  if (entrypoint !== undefined) return [entrypoint];
  return /(?:^postgres-pgtoken$|\/pgtoken-client:)/.test(name)
    ? [...(recipe.entrypoint ?? [])]
    : [];
}

/** Starts one container and keeps what it writes; says that when it does not start. */
export async function startLogged(
  prepared: GenericContainer,
  stack: AsyncDisposableStack,
): Promise<Service> {
  let log = '';
  prepared.withLogConsumer((stream) => {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => (log += text));
  });
  const container = await prepared.start().catch((error: unknown) => {
    throw new Error(`a container did not start; it said: ${log}`, { cause: error });
  });
  stack.defer(async () => {
    await container.stop();
  });
  return { container, log: () => log };
}
