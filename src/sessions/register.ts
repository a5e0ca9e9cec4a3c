// The sessions that are known, in memory, and what became of them since for the journal.
import type { NewSession, Session, SessionPlace } from './session.ts';

/** What happened to a session, in the order in which it did. */
export type RegisterEvent =
  | { readonly kind: 'granted'; readonly session: Session }
  | { readonly kind: 'placed'; readonly id: number; readonly place: SessionPlace }
  | { readonly kind: 'renewed'; readonly id: number; readonly expiresAt: number }
  | { readonly kind: 'gone'; readonly id: number };

/** The sessions that are known. */
export interface Register {
  /** Adds one that was granted. @returns undefined where there is no room for it. */
  add(session: NewSession): Session | undefined;
  /** Says where it is. One that was in the same place before is gone: it asked twice. */
  place(session: Session, place: SessionPlace): void;
  /** Prolongs it; never shortens. */
  renew(session: Session, expiresAt: number): void;
  remove(session: Session): void;
  get(id: number): Session | undefined;
  /** The session that is known to be in this place. */
  at(pid: number, place: Pick<SessionPlace, 'server' | 'started'>): Session | undefined;
  all(): IterableIterator<Session>;
  readonly size: number;
}

/** The most sessions that are known at a time. No server has as many connections. */
export const MAX_SESSIONS = 20_000;
/** The most that is kept of their tokens, in characters: a token may be long, and there may be many of it. */
export const MAX_TOKENS = 64 * 1024 * 1024;

/**
 * @param known the sessions from before.
 * @param onEvent told of every change.
 */
export function createRegister(
  known: readonly Session[],
  onEvent: (event: RegisterEvent) => void,
  { max = MAX_SESSIONS, maxTokens = MAX_TOKENS } = {},
): Register {
  const sessions = new Map(known.map((session) => [session.id, session]));
  const byPlace = new Map<string, Session>();
  let tokens = known.reduce((length, { token }) => length + token.length, 0);
  let lastID = known.reduce((highest, { id }) => Math.max(highest, id), 0);
  for (const session of known) {
    if (session.place !== undefined) {
      byPlace.set(nameOf(session.pid, session.place), session);
    }
  }
  const remove = (session: Session): void => {
    if (!sessions.delete(session.id)) {
      return;
    }
    const { pid, place, token } = session;
    tokens -= token.length;
    if (place !== undefined && byPlace.get(nameOf(pid, place)) === session) {
      byPlace.delete(nameOf(pid, place));
    }
    onEvent({ kind: 'gone', id: session.id });
  };
  return {
    add(given) {
      if (sessions.size >= max || tokens + given.token.length > maxTokens) {
        return undefined;
      }
      lastID += 1;
      tokens += given.token.length;
      const session: Session = { ...given, id: lastID };
      sessions.set(session.id, session);
      onEvent({ kind: 'granted', session });
      return session;
    },
    place(session, place) {
      const name = nameOf(session.pid, place);
      const before = byPlace.get(name);
      if (before !== undefined && before !== session) {
        remove(before);
      }
      if (session.place !== undefined) {
        byPlace.delete(nameOf(session.pid, session.place));
      }
      session.place = place;
      byPlace.set(name, session);
      onEvent({ kind: 'placed', id: session.id, place });
    },
    renew(session, expiresAt) {
      if (expiresAt > session.expiresAt) {
        session.expiresAt = expiresAt;
        onEvent({ kind: 'renewed', id: session.id, expiresAt });
      }
    },
    remove,
    get: (id) => sessions.get(id),
    at: (pid, place) => byPlace.get(nameOf(pid, place)),
    all: () => sessions.values(),
    get size() {
      return sessions.size;
    },
  };
}

function nameOf(
  pid: number,
  { server, started }: Pick<SessionPlace, 'server' | 'started'>,
): string {
  return `${server} ${pid} ${started}`;
}
