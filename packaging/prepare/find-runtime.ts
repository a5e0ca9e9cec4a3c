// The Node runtime that package-lock.json pins, for one architecture: from node_modules where npm has put it, which it
// does for this machine's own architecture alone, and else from npm, held against the lock's integrity.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod/mini';

const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64' } as const;
/** A Debian architecture that there is a runtime for. */
export type Architecture = keyof typeof ARCHITECTURES;

/** Whether there is a runtime for it. */
export function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(ARCHITECTURES, name);
}

const entrySchema = z.looseObject({ version: z.string(), integrity: z.string() });
const lockSchema = z.looseObject({ packages: z.record(z.string(), z.unknown()) });

/**
 * Finds the runtime, or fetches it into `folder`.
 *
 * @returns its folder, with bin/node and LICENSE, and its version
 */
export function findRuntime(
  checkout: string,
  architecture: Architecture,
  folder: string,
): { readonly folder: string; readonly version: string } {
  const name = `node-linux-${ARCHITECTURES[architecture]}`;
  const lock = lockSchema.parse(
    JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')),
  );
  const { version, integrity } = entrySchema.parse(lock.packages[`node_modules/${name}`]);

  const installed = join(checkout, 'node_modules', name);
  if (existsSync(join(installed, 'bin', 'node'))) {
    const manifest = z
      .looseObject({ version: z.string() })
      .parse(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')));
    if (manifest.version !== version) {
      throw new Error(`${installed} is ${manifest.version}; package-lock.json says ${version}`);
    }
    return { folder: installed, version };
  }

  const file = execFileSync('npm', ['pack', '--silent', `${name}@${version}`], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 300_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
  assertIntegrity(readFileSync(join(folder, file)), integrity, `${name}@${version}`);
  execFileSync('tar', ['--extract', '--no-same-owner', '--file', file], { cwd: folder });
  return { folder: join(folder, 'package'), version };
}

/** Throws unless the bytes are those of `integrity`, which is one SHA-512 as package-lock.json has it. */
export function assertIntegrity(bytes: Uint8Array, integrity: string, what: string): void {
  const seen = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (seen !== integrity) {
    throw new Error(`${what} is ${seen}; package-lock.json says ${integrity}`);
  }
}
