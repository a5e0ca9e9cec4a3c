// How many connections the daemon can serve with the descriptors that it may have: each takes one, and one too many is a login
// that fails in a way that nobody understands.
import { readFileSync } from 'node:fs';

/**
 * For what is no connection of a login: files, issuers, metrics. Where there are few, half of them, as the daemon itself has
 * some 25.
 */
const OTHER_DESCRIPTORS = 64;

/** @param wanted the most connections at one time. @returns as many as the limit permits, and the limit where that is fewer. */
export function lowerConnections(
  wanted: number,
  limit: number | undefined = readDescriptorLimit(),
): { readonly connections: number; readonly limit: number | undefined } {
  return limit === undefined || wanted + OTHER_DESCRIPTORS <= limit
    ? { connections: wanted, limit: undefined }
    : {
        connections: Math.max(1, limit - Math.min(OTHER_DESCRIPTORS, Math.ceil(limit / 2))),
        limit,
      };
}

/** The limit of this process; Node has raised it as far as it may. undefined where it cannot be read. */
function readDescriptorLimit(): number | undefined {
  try {
    const [, soft] =
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
