// The daemon's socket: there, a socket, open to the server's user, and in a folder where nobody could put another.
import { dirname } from 'node:path';
import { fault, ok, type Finding } from '../finding.ts';
import { findLooseFolder, findObstacle, mayAccess, type Obstacle } from '../host/permissions.ts';
import { formatMode } from '../../format-mode.ts';
import type { FileStatus, ServerProcess, Host } from '../host/host.ts';
import type { Account } from '../host/account.ts';

/**
 * @param user PostgreSQL's.
 * @param servers that run and are of interest.
 */
export async function checkSocket(
  path: string,
  user: Account,
  servers: readonly ServerProcess[],
  host: Pick<Host, 'files' | 'accounts' | 'run' | 'uid'>,
): Promise<readonly Finding[]> {
  const { files, accounts } = host;
  const status = files.status(path);
  if (!status.ok) {
    return [
      status.missing
        ? fault(
            'socket-missing',
            path,
            'no such file: the daemon does not run, or listens elsewhere',
            'Start it: systemctl enable --now pgtoken.socket; or compare socket= in the service file with --socket of pgtoken serve.',
          )
        : fault('socket-unseen', path, status.reason, 'Run this as root.'),
      ...(await checkFolder(path, undefined, host)),
    ];
  }
  if (status.value.kind !== 'socket') {
    return [
      fault(
        'socket-kind',
        path,
        `it is a ${status.value.kind === 'other' ? 'special file' : status.value.kind}; expected a socket`,
        'Move it away, then start the daemon.',
      ),
    ];
  }
  const owner = await accounts.nameOfUser(status.value.uid);
  const group = await accounts.nameOfGroup(status.value.gid);
  const shown = `owner ${owner}, group ${group}, mode ${formatMode(status.value.mode)}`;
  const findings = [
    await checkAccess(path, user, servers, shown, status.value, host),
    ...(await checkFolder(path, status.value.uid, host)),
  ];
  if ((status.value.mode & 0o002) !== 0) {
    findings.push(
      fault(
        'socket-open',
        path,
        `${shown}: every user of this host may ask whether a token is good; expected 0660`,
        'Write SocketMode=0660 in pgtoken.socket; a socket that the daemon makes itself has that mode.',
      ),
    );
  }
  return findings;
}

async function checkAccess(
  path: string,
  user: Account,
  servers: readonly ServerProcess[],
  shown: string,
  status: FileStatus,
  host: Pick<Host, 'files' | 'run' | 'uid'>,
): Promise<Finding> {
  const obstacle = findObstacle(path, user, 'write', host.files);
  const tried = host.uid === 0 ? await tryAccess(path, user, host) : undefined;
  if (tried === false || (tried === undefined && obstacle !== undefined)) {
    return obstacle === undefined
      ? fault(
          'socket-denied',
          path,
          `${shown} let user ${user.name} connect, and yet the system does not`,
          'Look for an access list (getfacl) and for what AppArmor or SELinux has logged.',
        )
      : explainDenial(path, user, shown, obstacle);
  }
  const stale = servers.find(
    (server) =>
      server.uid === user.uid &&
      obstacle === undefined &&
      seesSocket(server, path, status, host) &&
      !mayAccess(status, server, 'write'),
  );
  return stale === undefined
    ? ok('socket', path, `${shown}: user ${user.name} may connect`)
    : fault(
        'socket-groups',
        path,
        `${shown}: user ${user.name} may connect, but the server that runs (process ${stale.pid}) was started before it was in that group`,
        'Restart PostgreSQL.',
      );
}

/** Whether this path leads a server, which may have mounts of its own, to this very socket. */
function seesSocket(
  { pid }: ServerProcess,
  path: string,
  { identity }: FileStatus,
  { files }: Pick<Host, 'files'>,
): boolean {
  const seen = files.status(`/proc/${pid}/root${path}`);
  return seen.ok ? seen.value.identity === identity : !seen.missing;
}

/** @returns what the system says, or undefined where it cannot be asked. */
async function tryAccess(
  path: string,
  user: Account,
  { run }: Pick<Host, 'run'>,
): Promise<boolean | undefined> {
  const identity = [
    `--reuid=${user.uid}`,
    `--regid=${user.gids[0]}`,
    `--groups=${user.gids.join(',')}`,
  ];
  const { status } = await run('setpriv', [...identity, '--', 'test', '-w', path]);
  return status === 0 ? true : status === 1 ? false : undefined;
}

function explainDenial(path: string, user: Account, shown: string, obstacle: Obstacle): Finding {
  return obstacle.path === path
    ? fault(
        'socket-denied',
        path,
        `${shown} keep user ${user.name} from connecting`,
        `Write SocketGroup=${user.name} and SocketMode=0660 in pgtoken.socket, or start the daemon with --group ${user.name}; or make ${user.name} a member of the socket's group and restart PostgreSQL.`,
      )
    : fault(
        'socket-denied',
        path,
        `mode ${formatMode(obstacle.status.mode)} of ${obstacle.path} keeps user ${user.name} from getting there`,
        `Run:\n  chmod a+x ${obstacle.path}`,
      );
}

async function checkFolder(
  path: string,
  daemon: number | undefined,
  { files, accounts, uid }: Pick<Host, 'files' | 'accounts' | 'uid'>,
): Promise<Finding[]> {
  // The folder may be the daemon's own; by name where it is not there to be seen.
  const known = daemon ?? (await accounts.findUser('pgtoken'))?.uid;
  const owners = new Set([0, uid, ...(known === undefined ? [] : [known])]);
  const loose = findLooseFolder(path, owners, files);
  if (loose === undefined) {
    return [];
  }
  const owner = await accounts.nameOfUser(loose.status.uid);
  return [
    fault(
      'socket-folder-writable',
      loose.path,
      `owner ${owner}, mode ${formatMode(loose.status.mode)}: others than root and the daemon could put another socket there, and so decide who logs in`,
      loose.path === dirname(path)
        ? `Run:\n  chown pgtoken ${loose.path} && chmod go-w ${loose.path}`
        : `Run:\n  chown root ${loose.path} && chmod go-w ${loose.path}`,
    ),
  ];
}
