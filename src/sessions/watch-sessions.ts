// Sessions from their grant to their end: where each is, whether it is still there, and when it has to go.
//
// Nothing ends on doubt: what a server does not say, what keys are not known for, and what a clock says for the first time, is
// no reason. And nothing here decides whether somebody may log in.
import { setTimeout as patience } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { ServerConfiguration, SessionsPart } from '../config/schema/schema.ts';
import { reconsider } from '../decide/reconsider.ts';
import type { Refusal } from '../errors.ts';
import type { KeySet } from '../keys/formats/parse-key-set.ts';
import type { Issuer, Policy } from '../policy/policy.ts';
import { findGone } from '../postgres/activity.ts';
import type { ServerClient } from '../postgres/server-client.ts';
import type { ServerConnection } from '../values/parse-server-connection.ts';
import { type DueEnd, dueEndOf } from './due-end.ts';
import { createEndQueue, type EndReason } from './end-queue.ts';
import { createJournal, readJournal } from './journal.ts';
import { createPlacing } from './place-sessions.ts';
import { createRegister } from './register.ts';
import { createRevocations, type RevocationsOptions } from './revocations.ts';
import { createServerLinks, type OnServerState, type ServerLink } from './server-links.ts';
import {
  grantedLoginOf,
  isPlaced,
  type NewSession,
  type PlacedSession,
  type Session,
} from './session.ts';
import { createSettledClock } from './settled-clock.ts';

/** Watches sessions. */
export interface SessionWatcher {
  /** Puts a policy in force; all sessions are looked at again by it. */
  usePolicy(policy: Policy): void;
  /** Looks at an entry's sessions again, as its keys have changed. */
  keysChanged(issuer: string): void;
  /** Takes a login that was granted. @param by the policy that it was granted by. */
  granted(session: Omit<NewSession, 'grantedUptime'>, by: Policy): void;
  /** The sessions that are there now, as far as servers answer, the oldest first. Never rejects. */
  list(): Promise<readonly ListedSession[]>;
  /** Ends sessions by their numbers. @returns those that are to end now: others are gone, or their place is not known. */
  end(ids: readonly number[]): readonly number[];
  /** How many sessions there are by entry, and which servers answer. */
  status(): WatcherStatus;
  /** Stops watching; what is known is on disk when it resolves. Never rejects. */
  stop(): Promise<void>;
}

/** A session, and when it is to end. */
export interface ListedSession {
  readonly session: Session;
  readonly dueEnd: DueEnd | undefined;
}

/** How things stand, for metrics. */
export interface WatcherStatus {
  readonly sessions: ReadonlyMap<string, number>;
  readonly servers: ReadonlyMap<string, boolean>;
}

/** The world around a {@link SessionWatcher}. */
export interface SessionWatcherOptions extends Pick<RevocationsOptions, 'lookAt' | 'random'> {
  /** Where sessions are kept for a daemon that is started again; undefined: nowhere. */
  readonly journal: string | undefined;
  readonly clock: Clock;
  /** Seconds on a clock that is never set, and that is one for all processes of the host. */
  readonly uptime: Clock;
  readonly createClient: (connection: ServerConnection) => ServerClient;
  /** The keys of an entry as they are cached; undefined where there are none. */
  readonly cachedKeys: (issuer: Issuer) => KeySet | undefined;
  /** Told of each session that was ended. */
  readonly onEnded: (session: PlacedSession, reason: EndReason) => void;
  /** Told of a session that will not be ended, and why. */
  readonly onOutOfReach: (session: Session, reason: string) => void;
  readonly onServerState: OnServerState;
  /** Told of each look at what sessions are bound to, and when that cannot be looked at. */
  readonly onLooked: RevocationsOptions['onLooked'];
  readonly onRecheckState: RevocationsOptions['onState'];
  readonly onJournalError: (error: unknown) => void;
  /** Told of what nobody foresaw, of each run of it once. */
  readonly onFailure: (error: unknown) => void;
}

/** One moment, on the wall clock without its steps and on the clock that is never set, in seconds. */
interface Times {
  readonly now: number;
  readonly uptime: number;
}

/** Milliseconds between two looks at what is due. */
const TICK = 500;
/** While sessions end: 25 of a server every so many milliseconds are 250 in a second. */
const ENDING_TICK = 100;
/** Seconds between two looks at which sessions are still there; and while some were told to end. */
const PRESENCE = 30;
const ENDING_PRESENCE = 2;
/** So many sessions are asked for at once, that a question is no megabyte. */
const SEEN_AT_ONCE = 500;
/** A login that was decided before its keys changed is told of within this time, in seconds. */
const KEYS_CHANGED_LATELY = 10;
/** Milliseconds after which others have their turn. */
const SLICE = 5;
/** The longest that a list of sessions waits for servers, in milliseconds. */
const LIST_PATIENCE = 2000;
/** The longest between a grant and its being told of here, in seconds. */
const TELLING = 0.2;

/** Creates a watcher that watches nothing until it is given a policy. */
export function createSessionWatcher(options: SessionWatcherOptions): SessionWatcher {
  const { clock, uptime, onEnded, onOutOfReach } = options;
  const before = options.journal === undefined ? undefined : readJournal(options.journal, uptime());
  const settled = createSettledClock(clock, uptime, before?.offset);
  const journal =
    options.journal === undefined
      ? undefined
      : createJournal(
          options.journal,
          () => register.all(),
          settled.offset,
          options.onJournalError,
        );
  const register = createRegister(before?.sessions ?? [], (event) => {
    if (event.kind === 'gone') forget(event.id);
    journal?.record(event);
  });
  const revocations = createRevocations({
    ...options,
    onState: options.onRecheckState,
    onChanged: (ids) => {
      for (const id of ids) lookAgainAt(register.get(id));
    },
  });
  const links = createServerLinks(options.createClient, options.onServerState);
  let policy: Policy | undefined;
  let terms: ReadonlyMap<string, SessionsPart | undefined> = new Map();
  const startedAt = uptime();
  /** When it was seen where sessions are; those from before were seen before. */
  const placedAt = new Map<number, number>();
  /** Those that were told to end, and may still be there. */
  const ending = new Map<number, { readonly session: PlacedSession; readonly reason: EndReason }>();
  /** Of these entries the sessions are to be looked at again; all of them where the policy has changed. */
  let doubted: Set<string> | 'all' = new Set();
  /** Sessions that would not be granted again. */
  const denied = new Map<number, EndReason>();
  /** When keys of an entry have changed last. */
  const keysChangedAt = new Map<string, number>();
  /** Before these times nobody's time is over, whatever else they have to end for. */
  let nextDue: Times = { now: -Infinity, uptime: -Infinity };
  /** Those from before may be over. */
  let seenAt = -Infinity;
  let isBusy = false;
  let isStopped = false;
  let isFailing = false;
  let hasFailed = false;
  let timer: NodeJS.Timeout | undefined;

  const forget = (id: number): void => {
    ending.delete(id);
    denied.delete(id);
    placedAt.delete(id);
    queue.remove(id);
    revocations.remove(id);
  };
  const drop = (session: Session): void => {
    placing.remove(session);
    register.remove(session);
  };
  const placing = createPlacing(links, uptime, {
    onPlaced(session, { server, backend }) {
      if (backend.isSuperuser) {
        onOutOfReach(session, 'its role is a superuser, whose sessions only superusers end');
        drop(session);
        return;
      }
      const { started, roleID } = backend;
      register.place(session, { server, started, roleID });
      placedAt.set(session.id, uptime());
      renewOlder(session);
      lookAgainAt(session);
    },
    onGone: drop,
    onAmbiguous(session) {
      onOutOfReach(session, 'several servers have a backend that may be it');
      drop(session);
    },
    // What is seen has logged in, and asks no more.
    isTaken({ server, backend: { pid, started } }, { grantedUptime }) {
      const holder = register.at(pid, { server, started });
      return (
        holder !== undefined && (placedAt.get(holder.id) ?? startedAt) + TELLING < grantedUptime
      );
    },
  });
  const queue = createEndQueue(uptime, (session, reason, outcome) => {
    if (outcome === 'ended') {
      if (!ending.has(session.id)) onEnded(session, reason);
      ending.set(session.id, { session, reason });
    } else {
      if (outcome === 'superuser') {
        onOutOfReach(session, 'its role is a superuser by now, whose sessions only superusers end');
      }
      drop(session);
    }
  });

  /** A newer token of the same subject prolongs what its older ones opened, where the entry says so. */
  const renewOlder = (newer: Session): void => {
    if (terms.get(newer.issuer)?.renew !== true) {
      return;
    }
    for (const session of register.all()) {
      const isSame = session.issuer === newer.issuer && session.role === newer.role;
      if (isSame && session.subject === newer.subject && !ending.has(session.id)) {
        register.renew(session, newer.expiresAt);
        lookAgainAt(session);
      }
    }
  };

  /** A server that has another name now is the same by its connection, and so are its sessions. */
  const followNames = (
    former: readonly ServerConfiguration[],
    now: readonly ServerConfiguration[],
  ): void => {
    const names = new Map(now.map(({ name, connection }) => [JSON.stringify(connection), name]));
    const renamed = new Map(
      former.map(({ name, connection }) => [name, names.get(JSON.stringify(connection)) ?? name]),
    );
    for (const session of register.all()) {
      const server = session.place && renamed.get(session.place.server);
      if (isPlaced(session) && server !== undefined && server !== session.place.server) {
        queue.remove(session.id);
        register.place(session, { ...session.place, server });
      }
    }
  };

  const times = (): Times => ({ now: settled.now(), uptime: uptime() });
  const askToEnd = (session: Session, reason: EndReason): boolean => {
    // A server that was taken out of issuers.yaml may come back; until then nothing waits for it.
    if (!isPlaced(session) || ending.has(session.id) || !links.has(session.place.server)) {
      return false;
    }
    queue.add(session, reason);
    return true;
  };

  /**
   * Tells a session to end that has a reason to; and no longer one that waited, and has none any more.
   *
   * @returns the seconds until its time is over, as far as that is known.
   */
  const endIfOver = (session: Session | undefined, at: Times): number => {
    if (session === undefined || !isPlaced(session)) {
      return Infinity;
    }
    const { id, issuer } = session;
    const part = terms.get(issuer);
    const due = dueEndOf(session, part, at);
    const isRechecked = part?.end.includes('revoked') === true;
    const reason =
      due !== undefined && due.left <= 0
        ? { cause: due.cause }
        : (denied.get(id) ?? (isRechecked ? revocations.reasonOf(id) : undefined));
    if (reason !== undefined) {
      askToEnd(session, reason);
      return Infinity;
    }
    if (!ending.has(id) && queue.reasonOf(id)?.cause !== 'administrator') {
      queue.remove(id);
    }
    return due?.left ?? Infinity;
  };
  const lookAgainAt = (session: Session | undefined): void => {
    const at = times();
    const left = endIfOver(session, at);
    nextDue = {
      now: Math.min(nextDue.now, at.now + left),
      uptime: Math.min(nextDue.uptime, at.uptime + left),
    };
  };
  /** Looks at all of them. */
  const endWhatIsOver = (): void => {
    const at = times();
    let least = Infinity;
    for (const session of register.all()) {
      least = Math.min(least, endIfOver(session, at));
    }
    nextDue = { now: at.now + least, uptime: at.uptime + least };
  };
  /** Looks at those that wait for their end; and at all of them where somebody's time may be over: thousands have hours to go. */
  const endWhatIsDue = (): void => {
    const at = times();
    // Whatever time it is that somebody has left, one of the clocks has to go on by as much until it is over.
    if (at.now >= nextDue.now || at.uptime >= nextDue.uptime) {
      endWhatIsOver();
      return;
    }
    for (const id of queue.ids()) {
      lookAgainAt(register.get(id));
    }
  };

  /** Decides again. @returns the refusal, where it would be denied now. */
  const findDenial = (session: Session, by: Policy, now: number): Refusal | undefined => {
    if (terms.get(session.issuer)?.end.includes('denied') !== true) {
      return undefined;
    }
    const refusal = reconsider(grantedLoginOf(session), by, options.cachedKeys, now);
    return refusal?.outcome === 'denied' ? refusal : undefined;
  };
  /** Decides again what is in doubt, a few milliseconds at a time; and anew where another policy comes meanwhile. */
  const findDenied = async (): Promise<void> => {
    if (policy === undefined || (doubted !== 'all' && doubted.size === 0)) {
      return;
    }
    const [inForce, which] = [policy, doubted];
    doubted = new Set();
    const { now } = times();
    let since = performance.now();
    for (const session of register.all()) {
      if (which !== 'all' && !which.has(session.issuer)) {
        continue;
      }
      const refusal = findDenial(session, inForce, now);
      if (refusal === undefined) {
        denied.delete(session.id);
      } else {
        denied.set(session.id, { cause: 'denied', refusal });
      }
      if (performance.now() - since > SLICE) {
        await new Promise((resolve) => setImmediate(resolve));
        since = performance.now();
        if (policy !== inForce) {
          return findDenied();
        }
      }
    }
    endWhatIsOver();
  };
  const markDoubted = (issuer: string): void => {
    if (doubted !== 'all') {
      doubted.add(issuer);
    }
  };

  /**
   * Forgets those of a server that are over. One that was told to end and is still there is told again.
   *
   * @returns whether the server answered.
   */
  const seeSome = async (link: ServerLink, some: readonly PlacedSession[]): Promise<boolean> => {
    const backends = some.map(({ pid, place: { started } }) => ({ pid, started }));
    const found = await link.use(async (client) => findGone(client, backends));
    if (found === undefined) {
      return false;
    }
    const gone = new Set(found);
    for (const [at, session] of some.entries()) {
      if (gone.has(at)) {
        drop(session);
      } else {
        const told = ending.get(session.id);
        if (told !== undefined) queue.add(session, told.reason);
      }
    }
    return true;
  };
  const seeWhatIsThere = async (): Promise<void> => {
    seenAt = uptime();
    const placed = [...register.all()].filter(isPlaced);
    await Promise.all(
      links.all().map(async (link) => {
        const own = placed.filter(({ place }) => place.server === link.name);
        for (let at = 0; at < own.length; at += SEEN_AT_ONCE) {
          if (!(await seeSome(link, own.slice(at, at + SEEN_AT_ONCE)))) {
            return;
          }
        }
      }),
    );
  };

  const fail = (error: unknown): void => {
    if (!isFailing) options.onFailure(error);
    isFailing = hasFailed = true;
  };
  /** What waits for servers goes on by itself: one that hangs must not hold up what others are told. */
  const alone = (task: () => Promise<void>): (() => Promise<void>) => {
    let running: Promise<void> | undefined;
    return async () => {
      running ??= task()
        .catch(fail)
        .finally(() => {
          running = undefined;
        });
      return running;
    };
  };
  const lookForPlaces = alone(async () => placing.look());
  const seePresence = alone(seeWhatIsThere);

  const tick = async (): Promise<void> => {
    if (isBusy || isStopped) {
      return;
    }
    isBusy = true;
    isFailing &&= hasFailed;
    hasFailed = false;
    try {
      void lookForPlaces();
      await findDenied();
      revocations.look();
      endWhatIsDue();
      queue.endSome(links.all()).catch(fail);
      if (uptime() - seenAt >= (ending.size > 0 ? ENDING_PRESENCE : PRESENCE)) {
        void seePresence();
      }
    } catch (error) {
      fail(error);
    } finally {
      isBusy = false;
      schedule();
    }
  };
  const schedule = (): void => {
    clearTimeout(timer);
    if (!isStopped && register.size > 0) {
      timer = setTimeout(() => void tick(), queue.size > 0 ? ENDING_TICK : TICK);
      timer.unref();
    }
  };

  for (const session of register.all()) {
    if (session.place === undefined) placing.add(session);
  }
  return {
    usePolicy(next) {
      followNames(policy?.servers ?? [], next.servers);
      policy = next;
      const open = new Set([...register.all()].map(({ issuer }) => issuer));
      terms = new Map([
        // An entry that is taken away grants nothing; what it said of its sessions goes on until they are over.
        ...[...terms].filter(([name]) => open.has(name)),
        ...next.issuers.map(({ name, entry }) => [name, entry.sessions] as const),
      ]);
      revocations.setIntervals(
        new Map(
          next.issuers.flatMap(({ name, entry: { review, sessions } }) =>
            review !== undefined && sessions?.end.includes('revoked') === true
              ? [[name, review.recheckEvery] as const]
              : [],
          ),
        ),
      );
      for (const session of register.all()) revocations.add(session, false);
      links.set(next.servers);
      doubted = 'all';
      schedule();
    },
    keysChanged(issuer) {
      keysChangedAt.set(issuer, uptime());
      markDoubted(issuer);
    },
    granted(given, by) {
      const { issuer } = given;
      if (
        by !== policy ||
        uptime() - (keysChangedAt.get(issuer) ?? -Infinity) < KEYS_CHANGED_LATELY
      ) {
        markDoubted(issuer);
      }
      // Its entry may have been taken away while it was decided; what that said of its sessions goes on.
      if (!terms.has(issuer)) {
        const entry = by.issuers.find(({ name }) => name === issuer)?.entry;
        terms = new Map([...terms, [issuer, entry?.sessions]]);
      }
      const fresh = { ...given, grantedUptime: uptime() };
      let session = register.add(fresh);
      // Nobody who logs in again and again keeps the sessions of others out.
      while (session === undefined && placing.giveUpOne()) {
        session = register.add(fresh);
      }
      if (session === undefined) {
        onOutOfReach({ ...fresh, id: 0 }, 'too many sessions are known');
        return;
      }
      const wasIdle = register.size === 1;
      placing.add(session);
      revocations.add(session, true);
      if (wasIdle) schedule();
    },
    async list() {
      await Promise.race([seePresence(), patience(LIST_PATIENCE)]);
      const at = times();
      return [...register.all()].map((session) => ({
        session,
        dueEnd: dueEndOf(session, terms.get(session.issuer), at),
      }));
    },
    end(ids) {
      const wanted = new Set(ids);
      return [...register.all()]
        .filter(({ id }) => wanted.has(id))
        .filter((session) => askToEnd(session, { cause: 'administrator' }))
        .map(({ id }) => id);
    },
    status() {
      const sessions = new Map<string, number>();
      for (const [name, sessionsPart] of terms) {
        if (sessionsPart !== undefined) sessions.set(name, 0);
      }
      for (const { issuer, place } of register.all()) {
        if (place !== undefined) sessions.set(issuer, (sessions.get(issuer) ?? 0) + 1);
      }
      const servers = links
        .all()
        .flatMap(({ name, isUp }) => (isUp === undefined ? [] : [[name, isUp] as const]));
      return { sessions, servers: new Map(servers) };
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      links.close();
      await journal?.flush();
    },
  };
}
