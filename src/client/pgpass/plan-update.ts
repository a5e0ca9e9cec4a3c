// What becomes of the .pgpass when its lines have these tokens: decided from its text alone, before anything is written.
import { hasExpired, isBetter } from '../token/choose-token.ts';
import { type ClientToken, readClientToken, type TokenFault } from '../token/client-token.ts';
import { nameRole } from './name-role.ts';
import type { LinePlan } from './pgpass-plan.ts';
import { findPassword, type PgpassEntry, type PgpassKey, updatePgpass } from './pgpass-text.ts';

/** A line that is wanted. */
export interface WantedLine {
  readonly plan: LinePlan;
  /** The newest token of its source; undefined while there is none. */
  readonly token: ClientToken | undefined;
  /** The line that was written for it before, which may have been for another role. */
  readonly before: PgpassKey | undefined;
}

/** What a line has once the text is written. */
export interface PlannedLine {
  /** Undefined where it has none. */
  readonly key: PgpassKey | undefined;
  readonly token: ClientToken | undefined;
  /** Why it is not the newest one. */
  readonly fault: TokenFault | undefined;
}

/** The text to have, and what its lines have then, in the order of those wanted. */
export interface PlannedUpdate {
  readonly text: string;
  readonly lines: readonly PlannedLine[];
}

/**
 * Plans it. A token in the file that has not expired gives way to none that has, whoever wrote it.
 *
 * @param text of the file as it is. @param now Unix time in seconds.
 */
export function planUpdate(
  text: string,
  wanted: readonly WantedLine[],
  now: number,
): PlannedUpdate {
  const entries: PgpassEntry[] = [];
  const dropped: PgpassKey[] = [];
  const lines = wanted.map((line): PlannedLine => {
    const { plan, token, before } = line;
    if (token === undefined) {
      return { key: before, token: undefined, fault: undefined };
    }
    const user = nameRole(plan.user, token);
    if (typeof user !== 'string') {
      return { key: before, token: undefined, fault: user };
    }
    const key = { host: plan.host, port: plan.port, database: plan.database, user };
    const written = readClientToken(findPassword(text, key) ?? '');
    if (written.ok && hasExpired(token, now) && !isBetter(token, written.token, now)) {
      return { key, token: written.token, fault: undefined };
    }
    entries.push({ ...key, password: token.text });
    if (before !== undefined && before.user !== user) {
      dropped.push(before);
    }
    return { key, token, fault: undefined };
  });
  return { text: entries.length === 0 ? text : updatePgpass(text, entries, dropped), lines };
}
