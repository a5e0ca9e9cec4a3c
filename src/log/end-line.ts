// What is recorded of a session that was ended. A closed list, as that of a decision.
import type { Refusal } from '../errors.ts';
import { isJSONObject } from '../parse-json-object.ts';
import { shorten, tokenMembers, type TokenMembers } from './token-members.ts';

/** A session that was ended, as it is in the log. What is not known is undefined, and left out of the line. */
export interface EndLine extends TokenMembers {
  /** Why: expired, maxLifetime, denied, revoked or administrator. */
  readonly cause: string;
  /** With `denied` and `revoked`: why it would not be granted again. */
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly server: string;
  /** Of its backend, as in the server's own log. */
  readonly pid: number;
  readonly role: string | undefined;
  readonly service: string | undefined;
  readonly rhost: string | undefined;
  /** The entry of issuers.yaml. */
  readonly issuer: string;
  /** When it was granted. */
  readonly since: string;
  /** When its token, or the one that prolonged it, expires. */
  readonly expires: string;
}

/** As much of a session as is recorded. */
export interface EndedSession {
  readonly pid: number;
  readonly role: string;
  readonly service: string;
  readonly source: string | undefined;
  readonly issuer: string;
  /** What its token said, as JSON: `keyID` and `claims`. */
  readonly token: string;
  readonly grantedAt: number;
  readonly expiresAt: number;
  readonly place: { readonly server: string };
}

/** Makes the line of a session that was ended. */
export function endLine(
  session: EndedSession,
  cause: string,
  refusal: Refusal | undefined,
): EndLine {
  const { pid, role, service, source, issuer, grantedAt, expiresAt, place } = session;
  const token: unknown = JSON.parse(session.token);
  const { keyID, claims } = isJSONObject(token) ? token : {};
  return {
    cause,
    code: refusal?.code,
    reason: refusal?.message,
    server: place.server,
    pid,
    role: shorten(role),
    service: shorten(service),
    rhost: shorten(source),
    issuer,
    ...tokenMembers(isJSONObject(claims) ? claims : {}, keyID),
    since: formatMoment(grantedAt),
    expires: formatMoment(expiresAt),
  };
}

/** The last second that a Date can be (ECMA-262, 21.4.1.1). */
const MAX_DATE = 8.64e12;

function formatMoment(seconds: number): string {
  return new Date(Math.max(-MAX_DATE, Math.min(seconds, MAX_DATE)) * 1000).toISOString();
}
