// An older version of pgtoken to measure against in the same run: checked out and built by its own files, in a folder that
// is removed afterwards.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecked } from '../test/support/run-checked.ts';
import { inheritEnvironment } from '../test/support/inherit-environment.ts';

const CHECKOUT = join(import.meta.dirname, '..');
/** Its npm packages are installed, and both halves built. */
const BUILD = 'packaging/bootstrap.sh && npm run -s build && npm run -s build:pam';
const BUILD_LIMIT_MS = 600_000;

/** A checkout that is built. */
export interface Baseline extends AsyncDisposable {
  readonly checkout: string;
}

/** Checks out a revision beside this one and builds it. */
export async function buildBaseline(revision: string): Promise<Baseline> {
  const folder = await mkdtemp(join(tmpdir(), 'pgtoken-baseline-'));
  const checkout = join(folder, 'checkout');
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await runChecked('git', ['-C', CHECKOUT, 'worktree', 'prune']);
  };
  try {
    await runChecked('git', ['-C', CHECKOUT, 'worktree', 'add', '--detach', checkout, revision]);
    await runChecked('sh', ['-c', BUILD], {
      cwd: checkout,
      env: inheritEnvironment(),
      hangLimit: BUILD_LIMIT_MS,
    });
  } catch (error) {
    await remove();
    throw new Error(`the baseline ${revision} could not be built`, { cause: error });
  }
  return { checkout, [Symbol.asyncDispose]: remove };
}
