// Runs the services of a compose file in containers, by testcontainers: Docker's compose is a program of its own, which an engine
// need not have. Knows what the files of packaging/container use, and throws for anything else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
} from 'testcontainers';
import { parse } from 'yaml';
import * as z from 'zod/mini';

import type { Image } from './build-image.ts';

const serviceSchema = z.strictObject({
  image: z.literal('postgres-pgtoken'),
  entrypoint: z.optional(z.string()),
  command: z.array(z.string()),
  environment: z.optional(z.record(z.string(), z.string())),
  ports: z.optional(z.array(z.string())),
  volumes: z.array(z.string()),
});
/** What the tests know of a compose file. */
export const composeSchema = z.strictObject({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.strictObject({})),
});

/** One container, with what it has written so far. */
export interface Service {
  readonly container: StartedTestContainer;
  readonly log: () => string;
}

export interface Services extends AsyncDisposable {
  readonly get: (name: string) => Service;
}

export interface ServicesOptions {
  readonly image: Image;
  /** Where `./` leads. */
  readonly folder: string;
  /** Names that they know beside those of their network. */
  readonly hosts: readonly { readonly host: string; readonly ipAddress: string }[];
}

/** Starts all services of a compose file, in its order. */
export async function startServices(path: string, options: ServicesOptions): Promise<Services> {
  const { image, folder, hosts } = options;
  const compose = composeSchema.parse(parse(readFileSync(path, 'utf8')));
  const stack = new AsyncDisposableStack();
  const prefix = `pgtoken-${process.pid}-${Date.now()}`;
  const volumeOf = (name: string): string => `${prefix}-${name}`;
  stack.defer(async () => {
    const { container } = await getContainerRuntimeClient();
    for (const name of Object.keys(compose.volumes)) {
      await container.dockerode.getVolume(volumeOf(name)).remove({ force: true });
    }
  });

  const services = new Map<string, Service>();
  try {
    for (const [name, service] of Object.entries(compose.services)) {
      const prepared = new GenericContainer(image.name)
        .withEntrypoint(
          service.entrypoint === undefined
            ? [...(image.recipe.entrypoint ?? [])]
            : [service.entrypoint],
        )
        .withCommand([...service.command])
        .withEnvironment({ ...image.environment, ...service.environment })
        .withExtraHosts([...hosts])
        .withExposedPorts(...(service.ports ?? []).map((port) => Number(port.split(':').at(-1))))
        .withBindMounts(
          service.volumes.map((volume) => {
            const [source = '', target = '', mode = 'rw'] = volume.split(':');
            if (mode !== 'rw' && mode !== 'ro') throw new Error(`${path}: mode of ${volume}`);
            if (source.startsWith('.')) return { source: join(folder, source), target, mode };
            if (!Object.hasOwn(compose.volumes, source)) throw new Error(`${path}: no ${source}`);
            return { source: volumeOf(source), target, mode };
          }),
        );
      services.set(name, await startLogged(prepared, stack));
    }
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
  return {
    get: (name) => {
      const service = services.get(name);
      if (service === undefined) throw new Error(`${path} has no service ${name}`);
      return service;
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
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
