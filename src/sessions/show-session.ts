// A session as an administrator sees it.
import { findClaim } from '../claims/claim.ts';
import { grantedLoginOf } from './session.ts';
import type { ListedSession } from './watch-sessions.ts';
import type { ShownSession } from '../protocol/control.ts';

/** @param now Unix time in seconds. */
export function showSession({ session, dueEnd }: ListedSession, now: number): ShownSession {
  const { id, pid, role, issuer, service, subject, source, grantedAt, expiresAt, place } = session;
  const { claims } = grantedLoginOf(session).token;
  const [namespace, pod] = ['/kubernetes.io/namespace', '/kubernetes.io/pod/name'].map((selector) =>
    findClaim(claims, selector),
  );
  return {
    id,
    ...(place === undefined ? {} : { server: place.server }),
    pid,
    role,
    issuer,
    service,
    subject,
    ...(typeof namespace === 'string' && typeof pod === 'string'
      ? { pod: `${namespace}/${pod}` }
      : {}),
    ...(source === undefined ? {} : { address: source }),
    since: grantedAt,
    expires: expiresAt,
    ...(dueEnd === undefined ? {} : { ends: now + dueEnd.left, cause: dueEnd.cause }),
  };
}
