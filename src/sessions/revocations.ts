// Whether what let a session in is still there: its pod and its service account are asked for at the API server, each once for all
// of its sessions and by itself, so that thousands are spread over the time that they have. Without the token, which nobody keeps.
//
// Only the API server's own word that something is gone ends a session. No right to look, no answer and an odd one mean nothing.
import { refuse } from '../errors.ts';
import { quote } from '../quote.ts';
import { type BoundObject, boundObjectsOf, type ObjectAnswer } from '../review/bound-object.ts';
import { retryDelay } from '../retry-delay.ts';
import type { EndReason } from './end-queue.ts';
import { grantedLoginOf, type Session } from './session.ts';

/** Knows which sessions are revoked. */
export interface Revocations {
  /** Of which entries the sessions are looked at, and how often, in seconds. */
  setIntervals(intervals: ReadonlyMap<string, number>): void;
  /** Takes a session in, unless it is, or its entry's are not looked at. `isNew`: its token was reviewed just now. */
  add(session: Session, isNew: boolean): void;
  /** @param id of a session. */
  remove(id: number): void;
  /** Why a session is to end; undefined where what it needs is there, or nothing is known of it. */
  reasonOf(id: number): EndReason | undefined;
  /** Begins to ask for what is due, and does not wait for it. */
  look(): void;
}

/** The world around {@link Revocations}. */
export interface RevocationsOptions {
  /** Asks the API server of an entry. */
  readonly lookAt: (issuer: string, object: BoundObject) => Promise<ObjectAnswer>;
  /** Seconds on a clock that is never set. */
  readonly uptime: () => number;
  readonly random: () => number;
  /** Told of what nobody foresaw. */
  readonly onFailure: (error: unknown) => void;
  /** Told of sessions that have a reason to end now, or have none any more. */
  readonly onChanged: (ids: Iterable<number>) => void;
  /** Told of each answer. */
  readonly onLooked: (issuer: string, answer: ObjectAnswer) => void;
  /** Told when some of a kind of objects cannot be asked for, and with undefined when all can again. */
  readonly onState: (
    issuer: string,
    kind: BoundObject['kind'],
    failure: Extract<ObjectAnswer, { readonly state: 'unknown' }> | undefined,
  ) => void;
}

/** So many of one kind of one entry are asked for at a time. */
const AT_A_TIME = 4;
/** So many sessions are taken in with each look: each has its token's claims read. */
const TAKEN_IN = 200;
/** What cannot be asked for is asked for again after so many seconds, then twice as many, and so on. */
const FIRST_RETRY = 5;
const LONGEST_RETRY = 60;

/** An object, and whose sessions need it. */
interface Watched {
  readonly object: BoundObject;
  readonly sessions: Set<number>;
  dueAt: number;
  isGone: boolean;
}

/** The objects of one kind of one entry, which are asked for together. */
interface Lane {
  readonly issuer: string;
  readonly kind: BoundObject['kind'];
  readonly watched: Map<string, Watched>;
  isBusy: boolean;
  /** Whether the API server as such does not answer. */
  isFailing: boolean;
  /** Those of which the answer said nothing. */
  readonly unreadable: Set<Watched>;
  /** In a row. */
  failures: number;
  retryAt: number;
}

/** Creates it, with no session. */
export function createRevocations(options: RevocationsOptions): Revocations {
  const { uptime, random } = options;
  let intervals: ReadonlyMap<string, number> = new Map();
  const lanes = new Map<string, Lane>();
  const waiting = new Map<number, { readonly session: Session; readonly isNew: boolean }>();
  /** What each session needs. */
  const needs = new Map<number, readonly { readonly lane: Lane; readonly key: string }[]>();

  const laneOf = (issuer: string, kind: BoundObject['kind']): Lane => {
    const name = `${issuer} ${kind}`;
    const lane = lanes.get(name) ?? {
      issuer,
      kind,
      watched: new Map<string, Watched>(),
      isBusy: false,
      isFailing: false,
      unreadable: new Set<Watched>(),
      failures: 0,
      retryAt: -Infinity,
    };
    lanes.set(name, lane);
    return lane;
  };
  const takeIn = (session: Session, isNew: boolean, interval: number): void => {
    const { id, issuer } = session;
    const objects = boundObjectsOf(grantedLoginOf(session).token.claims);
    needs.set(
      id,
      objects.map((object) => {
        const lane = laneOf(issuer, object.kind);
        const key = `${object.namespace}/${object.name}/${object.uid}`;
        const watched = lane.watched.get(key) ?? {
          object,
          sessions: new Set(),
          // Spread, as many begin in one moment.
          dueAt: uptime() + interval * (isNew ? (1 + random()) / 2 : random()),
          isGone: false,
        };
        watched.sessions.add(id);
        lane.watched.set(key, watched);
        return { lane, key };
      }),
    );
    // Another session may have needed the same, and it is known to be gone.
    options.onChanged([id]);
  };
  const takeSomeIn = (): void => {
    let left = TAKEN_IN;
    for (const [id, { session, isNew }] of waiting) {
      const interval = intervals.get(session.issuer);
      if (interval === undefined) {
        continue;
      }
      if (left === 0) {
        return;
      }
      left -= 1;
      waiting.delete(id);
      takeIn(session, isNew, interval);
    }
  };

  const lookAt = async (lane: Lane, watched: Watched, interval: number): Promise<void> => {
    const answer = await options.lookAt(lane.issuer, watched.object);
    options.onLooked(lane.issuer, answer);
    // Where it was late, not twice in a row.
    watched.dueAt = Math.max(watched.dueAt + interval, uptime() + interval / 2);
    const wasTold = lane.isFailing || lane.unreadable.size > 0;
    if (answer.state === 'unknown' && !answer.isOfThisAlone) {
      // Those that were asked for at the same time count once.
      if (uptime() >= lane.retryAt) {
        lane.failures += 1;
        lane.retryAt = uptime() + retryDelay(lane.failures, FIRST_RETRY, LONGEST_RETRY);
      }
      lane.isFailing = true;
    } else {
      lane.failures = 0;
      lane.isFailing = false;
      if (answer.state === 'unknown') {
        lane.unreadable.add(watched);
      } else {
        lane.unreadable.delete(watched);
        const wasGone = watched.isGone;
        watched.isGone = answer.state === 'gone';
        if (watched.isGone !== wasGone) options.onChanged(watched.sessions);
      }
    }
    const isTold = lane.isFailing || lane.unreadable.size > 0;
    if (wasTold !== isTold) {
      options.onState(lane.issuer, lane.kind, answer.state === 'unknown' ? answer : undefined);
    }
  };
  const lookAtAll = async (
    lane: Lane,
    due: readonly Watched[],
    interval: number,
  ): Promise<void> => {
    const next = due.values();
    const work = async (): Promise<void> => {
      for (const watched of next) {
        if (uptime() < lane.retryAt) {
          return;
        }
        if (watched.sessions.size === 0) {
          continue;
        }
        await lookAt(lane, watched, interval);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
  };

  return {
    setIntervals(next) {
      intervals = next;
    },
    add(session, isNew) {
      const { id, issuer } = session;
      if (intervals.has(issuer) && !needs.has(id) && !waiting.has(id)) {
        waiting.set(id, { session, isNew });
      }
    },
    remove(id) {
      waiting.delete(id);
      for (const { lane, key } of needs.get(id) ?? []) {
        const watched = lane.watched.get(key);
        watched?.sessions.delete(id);
        if (watched?.sessions.size === 0) {
          lane.watched.delete(key);
          lane.unreadable.delete(watched);
        }
      }
      needs.delete(id);
    },
    reasonOf(id) {
      const gone = needs.get(id)?.find(({ lane, key }) => lane.watched.get(key)?.isGone);
      const object = gone?.lane.watched.get(gone.key)?.object;
      if (object === undefined) {
        return undefined;
      }
      const { kind, namespace, name } = object;
      const what = kind === 'pods' ? 'pod' : 'service account';
      const message = `${what} ${quote(`${namespace}/${name}`)} is gone, or was made again`;
      return { cause: 'revoked', refusal: refuse('ERR_TOKEN_REVOKED', message) };
    },
    look() {
      takeSomeIn();
      const now = uptime();
      for (const lane of lanes.values()) {
        const interval = intervals.get(lane.issuer);
        if (interval === undefined || lane.isBusy || now < lane.retryAt) {
          continue;
        }
        // What has waited longest comes first: what cannot be asked for keeps nobody else from it.
        const due = lane.watched
          .values()
          .filter(({ dueAt }) => dueAt <= now)
          .toArray()
          .toSorted((a, b) => a.dueAt - b.dueAt);
        if (due.length > 0) {
          lane.isBusy = true;
          lookAtAll(lane, due, interval)
            .catch(options.onFailure)
            .finally(() => {
              lane.isBusy = false;
            });
        }
      }
    },
  };
}
