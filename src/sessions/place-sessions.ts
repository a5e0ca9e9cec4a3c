// Finds the backends of logins that were just granted. Up to PostgreSQL 17 a backend that is still logging in is not seen, and
// short sessions are over before anybody looks: so each is looked for soon, and then ever more seldom.
import { seeBackends } from '../postgres/activity.ts';
import { findBackend, type FoundBackend } from './find-backend.ts';
import type { ServerLinks } from './server-links.ts';
import type { Session } from './session.ts';

/** Seconds after the grant at which a backend is looked for; after the last it is taken for gone. */
const LOOKS = [0.3, 1, 2, 4, 8, 16, 32, 64, 125];
/** Where there is no room for others, after so many looks already. */
const LEAST_LOOKS = 4;

/** What comes of sessions that wait for their place. */
export interface PlacingOutcome {
  readonly onPlaced: (session: Session, found: FoundBackend) => void;
  /** It is nowhere: it ended before anybody looked, or its login was given up. */
  readonly onGone: (session: Session) => void;
  /** Several backends may be it. */
  readonly onAmbiguous: (session: Session) => void;
  /** Whether a backend is known to have been somebody's session before this one was granted: then it is not this one. */
  readonly isTaken: (found: FoundBackend, session: Session) => boolean;
}

/** Sessions that wait for their place. */
export interface Placing {
  add(session: Session): void;
  remove(session: Session): void;
  /** Gives up the one that was looked for longest, where it was looked for a few times. @returns whether there was one. */
  giveUpOne(): boolean;
  /** Looks for those whose time has come. Never rejects. */
  look(): Promise<void>;
  readonly size: number;
}

/** @param uptime seconds on a clock that is never set. */
export function createPlacing(
  links: Pick<ServerLinks, 'all'>,
  uptime: () => number,
  { onPlaced, onGone, onAmbiguous, isTaken }: PlacingOutcome,
): Placing {
  /** Those that were looked for so many times, in the order of their grants: whoever is due is at the beginning. */
  const byLooks = LOOKS.map(() => new Set<Session>());
  const looksOf = new Map<Session, number>();
  /** In the order of their grants. */
  const byPID = new Map<number, readonly Session[]>();

  const setLooks = (session: Session, looks: number): void => {
    byLooks[looksOf.get(session) ?? 0]?.delete(session);
    looksOf.set(session, looks);
    byLooks[looks]?.add(session);
  };
  const remove = (session: Session): void => {
    const looks = looksOf.get(session);
    if (looks === undefined) {
      return;
    }
    looksOf.delete(session);
    byLooks[looks]?.delete(session);
    const others = (byPID.get(session.pid) ?? []).filter((one) => one !== session);
    if (others.length > 0) {
      byPID.set(session.pid, others);
    } else {
      byPID.delete(session.pid);
    }
  };
  const pidsDue = (now: number): ReadonlySet<number> => {
    const pids = new Set<number>();
    for (const [looks, sessions] of byLooks.entries()) {
      for (const session of sessions) {
        if (!isDue(session, looks, now)) {
          break;
        }
        pids.add(session.pid);
      }
    }
    return pids;
  };

  const conclude = (
    session: Session,
    seen: readonly FoundBackend[] | undefined,
    now: number,
  ): void => {
    const looks = looksOf.get(session);
    if (looks === undefined) {
      return;
    }
    const found =
      seen === undefined
        ? 'none'
        : findBackend(
            session,
            seen.filter((one) => !isTaken(one, session)),
          );
    if (found === 'none') {
      if (!isDue(session, looks, now)) {
        return;
      }
      if (looks + 1 < LOOKS.length) {
        setLooks(session, looks + 1);
      } else {
        remove(session);
        onGone(session);
      }
      return;
    }
    remove(session);
    if (found === 'ambiguous') {
      onAmbiguous(session);
    } else {
      onPlaced(session, found);
    }
  };

  return {
    add(session) {
      setLooks(session, 0);
      byPID.set(session.pid, [...(byPID.get(session.pid) ?? []), session]);
    },
    remove,
    async look() {
      const now = uptime();
      const pids = pidsDue(now);
      if (pids.size === 0) {
        return;
      }
      // A backend that has asked twice is found for its last grant: for all of them at once, the oldest first. What is granted
      // while servers answer may not have been seen by them.
      const sought = [...pids].flatMap((pid) => byPID.get(pid) ?? []);
      const answers = await Promise.all(
        links.all().map(async (link) => {
          const backends = await link.use(async (client) => seeBackends(client, [...pids]));
          const seen = backends ?? (link.isAbsent ? [] : undefined);
          return seen?.map((backend): FoundBackend => ({ server: link.name, backend }));
        }),
      );
      // A server that is there and did not answer may have any of them, whatever the others have; it is asked again soon.
      if (answers.includes(undefined)) {
        return;
      }
      const seen = Map.groupBy(
        answers.flatMap((answer) => answer ?? []),
        ({ backend }) => backend.pid,
      );
      for (const session of sought) {
        conclude(session, seen.get(session.pid), now);
      }
    },
    giveUpOne() {
      const [first] = byLooks.slice(LEAST_LOOKS).toReversed().flatMap(firstOf);
      if (first === undefined) {
        return false;
      }
      remove(first);
      onGone(first);
      return true;
    },
    get size() {
      return looksOf.size;
    },
  };
}

function firstOf(sessions: ReadonlySet<Session>): readonly Session[] {
  const [first] = sessions;
  return first === undefined ? [] : [first];
}

function isDue(session: Session, looks: number, now: number): boolean {
  return now - session.grantedUptime >= (LOOKS[looks] ?? 0);
}
