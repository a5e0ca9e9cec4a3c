// A folder that goes away again, whatever becomes of the process that asked for it: a tiny shell holds the other end of a
// pipe and removes the folder when that pipe closes, be it through remove(), a crash or SIGKILL.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
  readonly remove: () => Promise<void>;
  /** Leaves the folder where it is, for a person to look into. */
  readonly keep: () => void;
}

// Somebody may still be writing into the folder while it dies (a server that shuts down), hence the retries.
const REMOVER = `
read -r order
[ "$order" != keep ] || exit 0
tries=0
while ! rm -rf -- "$1" 2>/dev/null && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done`;

/** Creates a folder below the system's temporary folder that every user may enter (mode 0755). */
export async function createTemporaryFolder(name: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `pgtoken-${name}-`));
  await chmod(path, 0o755);

  const remover = spawn('/bin/sh', ['-c', REMOVER, 'sh', path], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  remover.stdin.on('error', () => undefined);
  // Neither the process nor its pipe keeps a finished program waiting.
  remover.unref();
  if (remover.stdin instanceof Socket) remover.stdin.unref();

  const remove = async (): Promise<void> => {
    await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    remover.stdin.end();
  };
  return {
    path,
    remove,
    keep: () => {
      remover.stdin.end('keep\n');
    },
    [Symbol.asyncDispose]: remove,
  };
}
