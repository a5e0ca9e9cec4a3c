// Tests with another PostgreSQL than this machine's: one of a root folder. Its files, and everything else that is made for a test,
// then lie in that folder, and have the same paths within it and without.
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

let current: string | undefined;

/** The root folder whose PostgreSQL is started from now on; undefined: this machine's. */
export function serverRoot(): string | undefined {
  return current;
}

/** Starts servers of this root folder from now on, as user root, until what it gives is disposed of. */
export async function useServerRoot(root: string): Promise<AsyncDisposable> {
  // What is called by its path from outside is found by it from inside.
  await mkdir(join(root, dirname(root)), { recursive: true });
  await symlink('/', join(root, root));
  // Shared memory of the server.
  await chmod(join(root, 'dev/shm'), 0o1777);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = join(root, 'tmp');
  current = root;
  return {
    async [Symbol.asyncDispose]() {
      current = undefined;
      if (before === undefined) {
        delete process.env['TMPDIR'];
      } else {
        process.env['TMPDIR'] = before;
      }
    },
  };
}
