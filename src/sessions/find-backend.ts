// Which backend of which server a grant was for. When that is not certain, it is none: a session is never ended on a guess.
import { isIP } from 'node:net';
import type { SeenBackend } from '../postgres/activity.ts';
import type { Session } from './session.ts';

/** A backend, and the server that it is of. */
export interface FoundBackend {
  readonly server: string;
  readonly backend: SeenBackend;
}

/** Clocks of server and daemon are one; what they are read apart, in seconds. */
const SLACK = 1;
/** The longest `authentication_timeout` of PostgreSQL, in seconds. */
const LONGEST_LOGIN = 600;

/**
 * @param seen backends of all servers.
 * @returns the backend, or why there is none: it is not there (yet), or several may be it.
 */
export function findBackend(
  session: Pick<Session, 'pid' | 'role' | 'source' | 'grantedAt'>,
  seen: readonly FoundBackend[],
): FoundBackend | 'none' | 'ambiguous' {
  const { pid, role, source, grantedAt } = session;
  const fitting = seen.filter(({ backend }) => {
    const login = grantedAt - Number(backend.started) / 1e6;
    // One that was started after the decision is another, which has the same process ID by now.
    return (
      backend.pid === pid && backend.role === role && login >= -SLACK && login <= LONGEST_LOGIN
    );
  });
  // PAM may have been told a name instead of an address (pam_use_hostname=1).
  const isNear = ({ backend }: FoundBackend): boolean =>
    source === undefined || isIP(source) === 0
      ? (backend.address === undefined) === (source === undefined)
      : backend.address === source;
  const [found, ...others] = fitting.length > 1 ? fitting.filter(isNear) : fitting;
  if (others.length > 0 || (found === undefined && fitting.length > 0)) {
    return 'ambiguous';
  }
  return found ?? 'none';
}
