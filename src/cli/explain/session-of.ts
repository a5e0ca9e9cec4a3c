// When the session of a login that is granted would end.
import type { DecisionRecord } from '../../decide/decision.ts';
import type { Policy } from '../../policy/policy.ts';
import { type DueEnd, dueEndOf } from '../../sessions/due-end.ts';

/** The session that a login would open, as far as its entry says when sessions end. */
export interface ExplainedSession {
  /** Unix time in seconds; undefined where no time ends it. */
  readonly ends?: number;
  readonly cause?: DueEnd['cause'];
  /** What else ends it: `sessions.end` of the entry. */
  readonly end: readonly string[];
  /** Whether a newer token of the same subject prolongs it. */
  readonly renew: boolean;
}

/** @param at when the login is, Unix time in seconds. @returns undefined where nothing ends sessions of the entry, or there is none. */
export function sessionOf(
  { decision, token }: DecisionRecord,
  { issuers }: Pick<Policy, 'issuers'>,
  at: number,
): ExplainedSession | undefined {
  const sessions = decision.granted
    ? issuers.find(({ name }) => name === decision.issuer)?.entry.sessions
    : undefined;
  if (sessions === undefined || token === undefined) {
    return undefined;
  }
  const times = { expiresAt: Number(token.claims['exp']), grantedUptime: 0 };
  const due = dueEndOf(times, sessions, { now: at, uptime: 0 });
  return {
    ...(due === undefined ? {} : { ends: at + due.left, cause: due.cause }),
    end: sessions.end,
    renew: sessions.renew,
  };
}
