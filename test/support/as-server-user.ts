// PostgreSQL refuses to run as root: then everything of the server runs as user postgres, and else as whoever runs the tests.

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

/** Arguments for install(1) that give what it creates to the server's user. */
export function ownedByServerUser(): readonly string[] {
  return isRoot() ? [`--owner=${SERVER_USER}`, `--group=${SERVER_USER}`] : [];
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
