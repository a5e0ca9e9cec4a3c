// When a session's time is over, by what its entry says now.
import type { SessionsPart } from '../config/schema/schema.ts';
import type { Session } from './session.ts';

/** Why a session ends. */
export type EndCause = 'expired' | 'maxLifetime' | 'denied' | 'revoked' | 'administrator';

/** A time, and what ends the session then. */
export interface DueEnd {
  readonly cause: 'expired' | 'maxLifetime';
  /** Seconds from now; 0 or less where it is over. */
  readonly left: number;
}

/**
 * @param now Unix time in seconds; only the `exp` of tokens is held against it.
 * @param uptime seconds on a clock that is never set, against which the session itself is timed.
 * @returns undefined where its time does not end it.
 */
export function dueEndOf(
  session: Pick<Session, 'expiresAt' | 'grantedUptime'>,
  sessions: SessionsPart | undefined,
  { now, uptime }: { readonly now: number; readonly uptime: number },
): DueEnd | undefined {
  if (sessions === undefined) {
    return undefined;
  }
  const { end, grace, atLeast, maxLifetime } = sessions;
  const age = uptime - session.grantedUptime;
  const expired: DueEnd | undefined = end.includes('expired')
    ? { cause: 'expired', left: Math.max(session.expiresAt + grace - now, atLeast - age) }
    : undefined;
  const tooOld: DueEnd | undefined =
    maxLifetime === undefined ? undefined : { cause: 'maxLifetime', left: maxLifetime - age };
  if (expired === undefined || tooOld === undefined) {
    return expired ?? tooOld;
  }
  // One that cannot be compared is never due.
  return expired.left <= tooOld.left ? expired : tooOld;
}
