// A Docker-compatible engine for the tests of containers: the one that answers at DOCKER_HOST or at Docker's usual socket,
// else podman, started for this run alone (container-engine.sh).
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

import { createTemporaryFolder } from './temporary-folder.ts';

const DOCKER_SOCKET = '/var/run/docker.sock';

export interface ContainerEngine extends AsyncDisposable {
  /** What testcontainers reads of the environment to find it. */
  readonly env: Readonly<Record<string, string>>;
}

/** Finds an engine that runs, or starts one; that one ends with this process at the latest. */
export async function startContainerEngine(): Promise<ContainerEngine> {
  const found = process.env['DOCKER_HOST'];
  if (found !== undefined && found !== '') {
    return { env: { DOCKER_HOST: found }, [Symbol.asyncDispose]: async () => undefined };
  }
  if (await answers(DOCKER_SOCKET)) {
    return {
      env: { DOCKER_HOST: `unix://${DOCKER_SOCKET}` },
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  const folder = await createTemporaryFolder('engine');
  const engine = spawn(join(import.meta.dirname, 'container-engine.sh'), [folder.path], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // Ctrl-C is for the program that owns it
  });
  const ended = new Promise<void>((resolve) => engine.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    // It ends when its input does, also when this process dies without a word.
    engine.stdin.end();
    await ended;
    await folder.remove();
  };
  try {
    const host = await new Promise<string>((resolve, reject) => {
      createInterface(engine.stdout).once('line', resolve);
      engine.once('error', reject);
      engine.once('close', (status) => {
        reject(
          new Error(
            `no container engine answers, and podman ended with ${status}: packaging/bootstrap.sh --with-containers installs it`,
          ),
        );
      });
    });
    return {
      env: {
        DOCKER_HOST: `unix://${join(folder.path, 'engine.sock')}`,
        // Ports are published in the engine's own network.
        TESTCONTAINERS_HOST_OVERRIDE: host,
        // It watches over containers whose test has died. Here they die with the engine, and there is no image of it.
        TESTCONTAINERS_RYUK_DISABLED: 'true',
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whether a Docker API answers at this socket. */
async function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.once('timeout', () => ping.destroy());
    ping.once('error', () => {
      resolve(false);
    });
    ping.end();
  });
}
