// Builds the packages that several test files install, once, before any of them runs.
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
  const folder = await createTemporaryFolder('packages');
  try {
    const current = await buildPackage(`${folder.path}/current`);
    const older = await buildPackage(`${folder.path}/older`, ['--fast', '--version', OLDER]);
    project.provide('packages', { current, older });
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return folder.remove;
}
