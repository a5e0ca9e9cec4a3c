// What is known of a session: who logged in, by which token, and where in which server it is. Never the token itself.
import type { GrantedLogin } from '../decide/reconsider.ts';
import { isJSONObject } from '../parse-json-object.ts';

/** Where a session is. */
export interface SessionPlace {
  /** The server, by its name in issuers.yaml. */
  readonly server: string;
  /** When its backend was started: microseconds of Unix time, as text. */
  readonly started: string;
  /** The OID of its role, as text. */
  readonly roleID: string;
}

/** A session that a grant opens, or is about to. */
export interface Session {
  /** Unlike that of any other session of this register. */
  readonly id: number;
  /** Of its backend, as the server itself counts. */
  readonly pid: number;
  readonly service: string;
  readonly role: string;
  /** Where the client is; undefined for a unix socket. */
  readonly source: string | undefined;
  /** The entry of issuers.yaml that granted it. */
  readonly issuer: string;
  /** `sub` of its token. */
  readonly subject: string;
  /** What the token said, without its signature: {@link GrantedLogin.token} as JSON, as it is seldom looked at. */
  readonly token: string;
  /** The key that verified the token ({@link GrantedLogin.key}). */
  readonly key: string;
  /** Unix time in seconds. */
  readonly grantedAt: number;
  /** The same moment, in seconds of a clock that is never set. */
  readonly grantedUptime: number;
  /** `exp` of its token, or of a newer one of the same subject where those prolong it. */
  expiresAt: number;
  /** Undefined until the server knows the session. */
  place?: SessionPlace;
}

/** A session of which it is known where it is. */
export type PlacedSession = Session & { readonly place: SessionPlace };

/** Whether it is known where a session is. */
export function isPlaced(session: Session): session is PlacedSession {
  return session.place !== undefined;
}

/** What a session is made of. */
export type NewSession = Omit<Session, 'id' | 'place'>;

/** What a session keeps of its token. @returns undefined for another text. */
export function parseKeptToken(text: string): GrantedLogin['token'] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isKeptToken(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isKeptToken(value: unknown): value is GrantedLogin['token'] {
  return (
    isJSONObject(value) && typeof value['algorithm'] === 'string' && isJSONObject(value['claims'])
  );
}

/** The login of a session, to be decided again. */
export function grantedLoginOf(session: Session): GrantedLogin {
  const { service, role, source, key, grantedAt } = session;
  const token = parseKeptToken(session.token);
  if (token === undefined) {
    throw new TypeError('a session without what its token said');
  }
  return { service, role, source, token, key, grantedAt };
}
