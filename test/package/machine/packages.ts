// Builds the packages that several test files install, once, before any of them runs: into PGTOKEN_PACKAGES, where .ci/run has
// them shared by its suites, else into a folder that goes away.
import { glob, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { buildPackage } from './build-package.ts';

/** Lower than every release, so that the real package is an upgrade of it. */
const OLDER = '0.1.0~older';

export interface Packages {
  /** What npm run package makes. */
  readonly current: string;
  /** The same sources under a lower version. */
  readonly older: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    packages: Packages;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const kept = process.env['PGTOKEN_PACKAGES'];
  if (kept !== undefined && kept !== '') {
    project.provide('packages', await buildPackages(kept));
    return async () => undefined;
  }
  const folder = await createTemporaryFolder('packages');
  try {
    project.provide('packages', await buildPackages(folder.path));
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return folder.remove;
}

/** For whoever waits for the first test. */
function watch(text: string): void {
  process.stderr.write(text);
}

async function buildPackages(folder: string): Promise<Packages> {
  return {
    current: await findOrBuildPackage(folder, 'current'),
    older: await findOrBuildPackage(folder, 'older', [
      '--fast',
      '--no-lintian',
      '--version',
      OLDER,
    ]),
  };
}

/** Builds a package into a folder, or takes the one that another suite of the same run has built there. @returns its path. */
export async function findOrBuildPackage(
  folder: string,
  name: string,
  options: readonly string[] = [],
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const [built] = await Array.fromAsync(glob(`${folder}/${name}/*.deb`));
  return built ?? buildPackage(join(folder, name), { options, watch });
}
