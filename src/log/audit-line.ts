// What is recorded of a decision. A closed list: never the token, its signature, or a claim that is not named here or in
// token-members.ts.
import type { DecisionRecord } from '../decide/decision.ts';
import type { Login } from '../decide/login.ts';
import type { DaemonRequest } from '../protocol/parse-request.ts';
import { findClaim } from '../claims/claim.ts';
import { shorten, tokenMembers, type TokenMembers } from './token-members.ts';

/** One decision, as it is in the log. What is not known is undefined, and left out of the line. */
export interface AuditLine extends TokenMembers {
  /** When it was decided. */
  readonly time: string;
  readonly outcome: string;
  readonly code: string | undefined;
  /** Why it was refused, in the words of the reply, without its advice. */
  readonly reason: string | undefined;
  /** Whether the client was there to take the answer. */
  readonly delivered: boolean;
  readonly via: DaemonRequest['via'];
  readonly role: string | undefined;
  readonly service: string | undefined;
  readonly rhost: string | undefined;
  readonly database: string | undefined;
  readonly transport: DaemonRequest['transport'];
  /** The entry of issuers.yaml. */
  readonly issuer: string | undefined;
  /** Whether the signature was verified: until then the members below are what anybody may have written. */
  readonly verified: boolean;
  readonly iss: string | undefined;
  /** What the API server said of the token, where it was asked; `unavailable` with a grant: nothing, and that was enough. */
  readonly review: string | undefined;
  /** True where the role was made for this login. */
  readonly created: true | undefined;
  /** The roles that it was made a member of for this login, */
  readonly grantedRoles: readonly string[] | undefined;
  /** and those that were revoked from it. */
  readonly revokedRoles: readonly string[] | undefined;
  /** Why the role could not be provisioned, where the login was granted all the same. */
  readonly provisionError: string | undefined;
  /** Time the decision took, in milliseconds. */
  readonly ms: number;
}

/** The longest reason: as long as a reply. */
const MAX_REASON_LENGTH = 500;

/** Makes the audit line of a decision. @param circumstances `ms`: how long it took; `request`: who asked, and how. */
export function auditLine(
  login: Login,
  decided: DecisionRecord,
  circumstances: {
    readonly at: Date;
    readonly ms: number;
    readonly delivered: boolean;
    readonly request: Pick<DaemonRequest, 'via' | 'database' | 'transport'>;
  },
): AuditLine {
  const { at, ms, delivered, request } = circumstances;
  const { decision, issuer, token, verified, review, provisioned } = decided;
  return {
    time: at.toISOString(),
    outcome: decision.granted ? 'granted' : decision.outcome,
    code: decision.granted ? undefined : decision.code,
    reason: decision.granted ? undefined : decision.message.slice(0, MAX_REASON_LENGTH),
    delivered,
    via: request.via,
    role: shorten(login.role),
    service: shorten(login.service),
    rhost: shorten(login.source),
    database: shorten(request.database),
    transport: request.transport,
    issuer,
    verified,
    iss: shorten(token && findClaim(token.claims, 'iss')),
    review,
    ...tokenMembers(token?.claims ?? {}, token?.keyID),
    created: provisioned?.created === true || undefined,
    grantedRoles: nonEmpty(provisioned?.granted),
    revokedRoles: nonEmpty(provisioned?.revoked),
    provisionError: decision.granted
      ? provisioned?.failed?.message.slice(0, MAX_REASON_LENGTH)
      : undefined,
    ms: Math.round(ms * 1000) / 1000,
  };
}

function nonEmpty(names: readonly string[] | undefined): readonly string[] | undefined {
  return names === undefined || names.length === 0 ? undefined : names;
}
