// Where the suite keeps what it has built and downloaded: outside of the checkout, so that clones share it.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** @returns `$XDG_CACHE_HOME/pgtoken-world`, by default `~/.cache/pgtoken-world`. It may not exist yet. */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment['XDG_CACHE_HOME'] ?? '';
  // A relative path does not count (XDG Base Directory Specification).
  return join(isAbsolute(given) ? given : join(homedir(), '.cache'), 'pgtoken-world');
}
