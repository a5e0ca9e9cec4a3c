// Providers of npm: their packages are installed together, and each runs in a small program of makers/npm.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { findFreePort } from '../../../support/find-free-port.ts';
import { installNPM } from '../../machine/install-npm.ts';
import { pinnedVersion } from '../../machine/pinned-version.ts';
import { startProcess } from '../../machine/start-process.ts';
import type { Provider, StartOptions } from '../provider.ts';
import { type Asker, createAsker } from './ask.ts';
import { writeCertificate } from './write-certificate.ts';

const SOURCES = join(import.meta.dirname, '../makers/npm');

/** @param name of the package. */
export function installOfNPM(name: string): Provider['install'] {
  return async (cache, progress) => {
    const folder = await installNPM({ name: 'providers-npm', sources: SOURCES, cache, progress });
    const pins = await readFile(join(SOURCES, 'package.json'), 'utf8');
    return {
      version: pinnedVersion(pins, new RegExp(`"${RegExp.escape(name)}": "([^"]+)"`)),
      origin: `npm \`${name}\`, Node ${process.version.slice(1)}`,
      programs: { folder },
    };
  };
}

export interface Server {
  readonly url: string;
  readonly ask: Asker['ask'];
  readonly port: number;
}

/**
 * Starts something that listens with HTTPS on a port of the loopback interface.
 *
 * @param commandOf given the port and the files of its certificate.
 * @param path what it answers as soon as it runs.
 */
export async function startServer(
  stack: AsyncDisposableStack,
  { folder, authority }: StartOptions,
  commandOf: (
    port: number,
    tls: { readonly cert: string; readonly key: string },
  ) => readonly [string, ...string[]],
  path: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const tls = await writeCertificate(authority, folder);
  const port = await findFreePort();
  const url = `https://127.0.0.1:${port}`;
  const { ask } = stack.use(createAsker(authority.certificate));
  const server = stack.use(startProcess({ command: commandOf(port, tls), env }));
  await server.until(`an answer of ${path}`, async () =>
    ask(`${url}${path}`).then(
      () => true,
      () => false,
    ),
  );
  return { url, ask, port };
}
