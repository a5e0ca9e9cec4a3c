// The Node runtime that package-lock.json pins, for one architecture: from node_modules where npm has put it, which it
// does for this machine's own architecture alone, and else from npm, held against the lock's integrity. Either way the binary
// is the one of packaging/runtime.sha256, or there is no package.
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

/** A runtime whose binary is the one that is to be shipped. */
export interface Runtime {
  /** Has bin/node and LICENSE. */
  readonly folder: string;
  readonly version: string;
  /** The binary's path in the archives of the Node.js project. */
  readonly path: string;
  /** SHA-256 of the binary, in hexadecimal digits. */
  readonly sha256: string;
}

/** Finds the runtime, or fetches it into `folder`. Throws when its binary is not the one of packaging/runtime.sha256. */
export function findRuntime(checkout: string, architecture: Architecture, folder: string): Runtime {
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
    return assertRuntime(checkout, architecture, { folder: installed, version });
  }

  const file = execFileSync('npm', ['pack', '--loglevel=error', `${name}@${version}`], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 300_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
  assertIntegrity(readFileSync(join(folder, file)), integrity, `${name}@${version}`);
  execFileSync('tar', ['--extract', '--no-same-owner', '--file', file], { cwd: folder });
  return assertRuntime(checkout, architecture, { folder: join(folder, 'package'), version });
}

function assertRuntime(
  checkout: string,
  architecture: Architecture,
  { folder, version }: { readonly folder: string; readonly version: string },
): Runtime {
  const sums = readFileSync(join(checkout, 'packaging', 'runtime.sha256'), 'utf8');
  const path = `node-v${version}-linux-${ARCHITECTURES[architecture]}/bin/node`;
  const sha256 = createHash('sha256')
    .update(readFileSync(join(folder, 'bin', 'node')))
    .digest('hex');
  assertSum(sums, path, sha256);
  return { folder, version, path, sha256 };
}

/** Throws unless `sums`, in the format of sha256sum(1), has this sum for this path. */
export function assertSum(sums: string, path: string, sha256: string): void {
  const line = sums.split('\n').find((one) => one.endsWith(`  ${path}`));
  const expected = line === undefined ? 'no sum for it' : line.slice(0, -path.length - 2);
  if (expected !== sha256) {
    throw new Error(`${path} has SHA-256 ${sha256}; packaging/runtime.sha256 has ${expected}`);
  }
}

/** Throws unless the bytes are those of `integrity`, which is one SHA-512 as package-lock.json has it. */
export function assertIntegrity(bytes: Uint8Array, integrity: string, what: string): void {
  const seen = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (seen !== integrity) {
    throw new Error(`${what} is ${seen}; package-lock.json says ${integrity}`);
  }
}
