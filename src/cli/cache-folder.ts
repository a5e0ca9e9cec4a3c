// Where `pgtoken pam` remembers keys, and issuers.yaml as it was parsed: below the home folder of whoever runs it, in a folder for
// each configuration, so that two PAM services with a `config=` of their own do not take each other's place.
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { DEFAULT_CONFIG } from './pam-arguments.ts';

/** Names of files have at most 255 bytes. */
const MAX_NAME_LENGTH = 200;

/**
 * @param config path of issuers.yaml.
 * @param home of the user, as the environment has it; as PAM's has none, the user database is asked then.
 * @returns undefined where nothing can be remembered, as in a container whose user has no entry in passwd.
 */
export function findCacheFolder(config: string, home = process.env['HOME']): string | undefined {
  const folder = home?.startsWith('/') === true ? home : findHome();
  return folder === undefined
    ? undefined
    : join(folder, '.cache', 'pgtoken', ...nameFolder(resolve(config)));
}

function nameFolder(config: string): readonly string[] {
  if (config === DEFAULT_CONFIG) {
    return [];
  }
  const name = encodeURIComponent(config);
  return name.length <= MAX_NAME_LENGTH
    ? [name]
    : [process.getBuiltinModule('node:crypto').hash('sha256', config)];
}

function findHome(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}
