// The module's file: where libpam looks for it, readable by the server, for this machine, and loadable for real.
import { dirname, join } from 'node:path';
import { toPrintable } from '../../protocol/format-reply.ts';
import { fault, ok, type Finding } from '../finding.ts';
import { ELF_HEADER_BYTES, parseELF } from './parse-elf.ts';
import { findLooseFolder, findObstacle } from '../host/permissions.ts';
import { formatMode } from '../../format-mode.ts';
import type { Host } from '../host/host.ts';
import type { Account } from '../host/account.ts';

/** What libpam loads where a service file says no more. */
export const MODULE = 'pam_pgtoken.so';

const REINSTALL =
  'Install the package for this architecture again; from a checkout: make -C pam install.';

/** @returns the folder of PAM modules: that of the architecture where there is one (Debian), else where others have it. */
export function findModuleFolder({
  files,
  architecture,
}: Pick<Host, 'files' | 'architecture'>): string {
  const machine = architecture === 'arm64' ? 'aarch64' : 'x86_64';
  const folders = [
    `/usr/lib/${machine}-linux-gnu/security`,
    `/lib/${machine}-linux-gnu/security`,
    '/usr/lib64/security',
    '/usr/lib/security',
  ];
  return folders.find((folder) => files.status(folder).ok) ?? folders[0] ?? '/usr/lib/security';
}

/**
 * Checks one file of the module.
 *
 * @param name as a service file has it: an absolute path, or a name in the folder.
 */
export async function checkModule(
  name: string,
  folder: string,
  user: Account | undefined,
  host: Pick<Host, 'files' | 'accounts' | 'run' | 'uid' | 'architecture'>,
): Promise<readonly Finding[]> {
  const { files, architecture } = host;
  const path = name.startsWith('/') ? name : join(folder, name);
  const head = files.readHead(path, ELF_HEADER_BYTES);
  if (!head.ok) {
    return [
      fault(
        head.missing ? 'module-missing' : 'module-unreadable',
        path,
        `${head.reason}; libpam answers "Module is unknown"`,
        name.startsWith('/')
          ? `Write ${MODULE} without a path in the service file, or install the module there.`
          : 'Install the package; from a checkout: make -C pam install.',
      ),
    ];
  }
  const loose = await checkOwner(path, host);
  if (loose !== undefined) {
    return [loose];
  }
  const obstacle = user === undefined ? undefined : findObstacle(path, user, 'read', files);
  if (obstacle !== undefined) {
    return [
      fault(
        'module-unreadable',
        path,
        `user ${user?.name ?? ''} may not read it: mode ${formatMode(obstacle.status.mode)} of ${obstacle.path}`,
        `Run:\n  chmod a+r${obstacle.path === path ? '' : 'x'} ${obstacle.path}`,
      ),
    ];
  }
  const header = parseELF(head.value);
  if (header === undefined || !header.isSharedObject) {
    return [fault('module-invalid', path, 'expected a shared object (ELF)', REINSTALL)];
  }
  if (header.bits !== 64 || header.architecture !== architecture) {
    const seen = `${header.architecture}, ${header.bits} bits`;
    return [
      fault(
        'module-invalid',
        path,
        `made for ${seen}; expected ${architecture}, 64 bits`,
        REINSTALL,
      ),
    ];
  }
  return [await load(path, host)];
}

/** Whether somebody beside root, or the user of this check, decides what the file is. */
async function checkOwner(
  path: string,
  { files, accounts, uid }: Pick<Host, 'files' | 'accounts' | 'uid'>,
): Promise<Finding | undefined> {
  const trusted = new Set([0, uid]);
  const status = files.status(path);
  const self = status.ok ? { path, status: status.value } : undefined;
  const isLoose =
    self !== undefined && (!trusted.has(self.status.uid) || (self.status.mode & 0o022) !== 0);
  const loose = isLoose ? self : findLooseFolder(path, trusted, files);
  if (loose === undefined) {
    return undefined;
  }
  const owner = await accounts.nameOfUser(loose.status.uid);
  return fault(
    'module-writable',
    path,
    `owner ${owner}, mode ${formatMode(loose.status.mode)} of ${loose.path}: others than root could replace it, and so decide who logs in`,
    `Run:\n  chown root ${loose.path} && chmod go-w ${loose.path}`,
  );
}

/**
 * Loads it in a process of its own, as libpam would: a library that is missing, or older than the module needs, shows in no
 * header. Only done with a file that root alone could have written.
 */
async function load(path: string, { run }: Pick<Host, 'run'>): Promise<Finding> {
  // Node takes it for an addon, loads it, and then finds nothing of an addon inside.
  const script = 'process.dlopen({ exports: {} }, process.argv[1])';
  const { stderr } = await run(process.execPath, ['--disable-sigusr1', '-e', script, path]);
  if (stderr.includes('did not self-register')) {
    return ok('module', path, `in ${dirname(path)}, for this architecture, and it can be loaded`);
  }
  const [, reason = 'no reason given'] = /^Error: (.*)$/m.exec(stderr) ?? [];
  return fault(
    'module-unloadable',
    path,
    `it cannot be loaded: ${toPrintable(reason)}`,
    `It needs libpam and glibc 2.34 or newer. ${REINSTALL}`,
  );
}
