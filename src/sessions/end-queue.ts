// Sessions that are to end, one after the other: a pool that loses all of its connections in one moment asks for as many new
// ones in the next.
import { endBackends, type EndOutcome } from '../postgres/activity.ts';
import type { Refusal } from '../errors.ts';
import type { EndCause } from './due-end.ts';
import type { ServerLink } from './server-links.ts';
import type { PlacedSession } from './session.ts';

/** Why a session ends, in full. */
export interface EndReason {
  readonly cause: EndCause;
  /** With `denied` and `revoked`: why it would not be granted again. */
  readonly refusal?: Refusal | undefined;
}

/** Sessions that are to end. */
export interface EndQueue {
  /** Adds one, unless it is in already. */
  add(session: PlacedSession, reason: EndReason): void;
  /** @param id of a session. */
  remove(id: number): void;
  /** Why one is to end; undefined where it is not in. */
  reasonOf(id: number): EndReason | undefined;
  ids(): IterableIterator<number>;
  /** Ends some of each server that is not to be left alone for a while. Never rejects. */
  endSome(links: readonly ServerLink[]): Promise<void>;
  readonly size: number;
}

/** So many of one server end with one statement. */
const BATCH = 25;
/** Where a server did not, it is asked again after this many seconds, then twice as many, and so on. */
const FIRST_RETRY = 0.5;
const LONGEST_RETRY = 15;

/**
 * @param uptime seconds on a clock that is never set.
 * @param onOutcome told what came of each; where a server does not answer, nothing does, and it is tried again.
 */
export function createEndQueue(
  uptime: () => number,
  onOutcome: (session: PlacedSession, reason: EndReason, outcome: EndOutcome) => void,
): EndQueue {
  const waiting = new Map<
    number,
    { readonly session: PlacedSession; readonly reason: EndReason }
  >();
  /** Servers that are being told. */
  const busy = new Set<string>();
  /** Servers that did not end what they were to. */
  const failing = new Map<string, { readonly wait: number; readonly retryAt: number }>();

  const endOf = async (link: ServerLink): Promise<void> => {
    const { name } = link;
    const batch = [...waiting.values()]
      .filter(({ session }) => session.place.server === name)
      .slice(0, BATCH);
    const isFailing = uptime() < (failing.get(name)?.retryAt ?? -Infinity);
    if (batch.length === 0 || isFailing || busy.has(name)) {
      return;
    }
    busy.add(name);
    const outcomes = await link.use(
      async (client) =>
        endBackends(
          client,
          batch.map(({ session: { pid, place } }) => ({ pid, ...place })),
        ),
      'end',
    );
    busy.delete(name);
    if (outcomes === undefined) {
      const wait = Math.min((failing.get(name)?.wait ?? FIRST_RETRY / 2) * 2, LONGEST_RETRY);
      failing.set(name, { wait, retryAt: uptime() + wait });
    } else {
      failing.delete(name);
    }
    for (const [at, { session, reason }] of batch.entries()) {
      const outcome = outcomes?.[at];
      if (outcome !== undefined && waiting.delete(session.id)) {
        onOutcome(session, reason, outcome);
      }
    }
  };

  return {
    add(session, reason) {
      if (!waiting.has(session.id)) {
        waiting.set(session.id, { session, reason });
      }
    },
    remove(id) {
      waiting.delete(id);
    },
    reasonOf: (id) => waiting.get(id)?.reason,
    ids: () => waiting.keys(),
    endSome: async (links) => {
      await Promise.all(links.map(endOf));
    },
    get size() {
      return waiting.size;
    },
  };
}
