// PostgreSQL refuses to run as root: then everything of the server runs as user postgres, and else as whoever runs the tests.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const SERVER_USER = 'postgres';

/** A command line for setpriv that runs as the server's user and dies with the process that starts it. */
export function asServerUser(command: string, args: readonly string[]): readonly string[] {
  // SIGQUIT is PostgreSQL's immediate shutdown: nothing of a throwaway cluster is worth waiting for.
  const options = ['--pdeathsig=QUIT'];
  if (isRoot()) {
    options.push(`--reuid=${SERVER_USER}`, `--regid=${SERVER_USER}`, '--init-groups');
  }
  return [...options, '--', command, ...args];
}

/** The same as a whole command line, for a program of a root folder where one is given. */
export function serverCommand(
  root: string | undefined,
  command: string,
  args: readonly string[],
): { readonly program: string; readonly args: readonly string[] } {
  const words = asServerUser(command, args);
  return root === undefined
    ? { program: 'setpriv', args: words }
    : { program: 'chroot', args: [root, 'setpriv', ...words] };
}

/** Arguments for install(1) that give what it creates to the server's user, which is one of a root folder where that is given. */
export function ownedByServerUser(root?: string): readonly string[] {
  if (!isRoot()) {
    return [];
  }
  const user = root === undefined ? undefined : idsOfServerUser(root);
  return [`--owner=${user?.uid ?? SERVER_USER}`, `--group=${user?.gid ?? SERVER_USER}`];
}

/** The group of the server's user, as setpriv takes it. */
export function serverGroup(root?: string): string {
  return root === undefined ? SERVER_USER : idsOfServerUser(root).gid;
}

function idsOfServerUser(root: string): { readonly uid: string; readonly gid: string } {
  const text = readFileSync(join(root, 'etc/passwd'), 'utf8');
  const [, uid, gid] = new RegExp(`^${SERVER_USER}:[^:]*:(\\d+):(\\d+):`, 'm').exec(text) ?? [];
  if (uid === undefined || gid === undefined) {
    throw new Error(`${root}/etc/passwd has no user ${SERVER_USER}`);
  }
  return { uid, gid };
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
