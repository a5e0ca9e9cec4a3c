// A session as the tests of its parts need one.
import type { NewSession } from '../../src/sessions/session.ts';

/** One that nothing is known of but what is given. */
export function newSession(more: Partial<NewSession> = {}): NewSession {
  return {
    pid: 100,
    service: 'postgresql',
    role: 'app',
    source: undefined,
    issuer: 'cluster',
    subject: 's',
    token: '{}',
    key: 'k',
    grantedAt: 0,
    grantedUptime: 0,
    expiresAt: 0,
    ...more,
  };
}
