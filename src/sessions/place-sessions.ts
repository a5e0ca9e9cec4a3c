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
  /** How often each was looked for. */
  const waiting = new Map<Session, number>();

  const conclude = (session: Session, seen: readonly FoundBackend[], now: number): void => {
    const looks = waiting.get(session);
    if (looks === undefined) {
      return;
    }
    const found = findBackend(
      session,
      seen.filter((one) => !isTaken(one, session)),
    );
    if (found === 'none') {
      if (!isDue(session, looks, now)) {
        return;
      }
      if (looks + 1 < LOOKS.length) {
        waiting.set(session, looks + 1);
      } else {
        waiting.delete(session);
        onGone(session);
      }
      return;
    }
    waiting.delete(session);
    if (found === 'ambiguous') {
      onAmbiguous(session);
    } else {
      onPlaced(session, found);
    }
  };

  return {
    add(session) {
      waiting.set(session, 0);
    },
    remove(session) {
      waiting.delete(session);
    },
    async look() {
      const now = uptime();
      const due = [...waiting].filter(([session, looks]) => isDue(session, looks, now));
      if (due.length === 0) {
        return;
      }
      const pids = new Set(due.map(([{ pid }]) => pid));
      // A backend that has asked twice is found for its last grant: for all of them at once, the oldest first.
      const sought = [...waiting.keys()].filter(({ pid }) => pids.has(pid));
      const answers = await Promise.all(
        links.all().map(async (link) => {
          const backends = await link.use(async (client) => seeBackends(client, [...pids]));
          return backends?.map((backend): FoundBackend => ({ server: link.name, backend }));
        }),
      );
      // A server that did not answer may have any of them, whatever the others have; it is asked again soon.
      if (answers.includes(undefined)) {
        return;
      }
      const seen = Map.groupBy(
        answers.flatMap((answer) => answer ?? []),
        ({ backend }) => backend.pid,
      );
      for (const session of sought) {
        conclude(session, seen.get(session.pid) ?? [], now);
      }
    },
    giveUpOne() {
      const [first] = waiting;
      if (first === undefined || first[1] < LEAST_LOOKS) {
        return false;
      }
      waiting.delete(first[0]);
      onGone(first[0]);
      return true;
    },
    get size() {
      return waiting.size;
    },
  };
}

function isDue(session: Session, looks: number, now: number): boolean {
  return now - session.grantedUptime >= (LOOKS[looks] ?? 0);
}
