// The PAM services of this host that ask pgtoken, whatever program they are for.
import { usesPgtoken } from './check-service.ts';
import type { Host } from '../host/host.ts';

/** Where libpam looks for services. */
export const PAM_FOLDERS = ['/etc/pam.d', '/usr/lib/pam.d'];

/** @returns their names, sorted; a file that others include counts as a service too, as libpam takes it for one. */
export function listServices(
  folders: readonly string[],
  host: Pick<Host, 'files'>,
): readonly string[] {
  const names = folders.flatMap((folder) => host.files.list(folder));
  return [...new Set(names)].toSorted().filter((name) => usesPgtoken(name, folders, host));
}
