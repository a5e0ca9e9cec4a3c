// What comes of a login: yes, or no and why, with what it was made of.
import type { JWK } from 'jose';
import type { Refusal } from '../errors.ts';
import type { ReviewNote } from '../review/review-outcome.ts';
import type { ParsedToken } from '../verify/parse-token.ts';

/** A login that is permitted, and by which entry. */
export interface Grant {
  readonly granted: true;
  readonly issuer: string;
  readonly role: string;
}

/** Yes, or no and why. */
export type Decision = Grant | Refusal;

/** A decision with what it was made of, for the audit line. */
export interface DecisionRecord {
  readonly decision: Decision;
  /** The entry that decided; undefined when it came to none. */
  readonly issuer: string | undefined;
  /** The token, when it was one. */
  readonly token: ParsedToken | undefined;
  /** Whether the entry's keys verified the token's signature: until then anybody may have written it. */
  readonly verified: boolean;
  /** The key of the issuer that verified it, where the login is granted. */
  readonly key?: JWK | undefined;
  /** Whom PostgreSQL is told of where it asks by its own OAuth, if the login is granted; not checked to be text. */
  readonly identity?: unknown;
  /** What the API server said of the token, where it was asked. */
  readonly review?: ReviewNote | undefined;
  /** What was done in the database for the login, where its entry provisions roles. */
  readonly provisioned?: Provisioned | undefined;
}

/** What was done in the database for a login. */
export interface Provisioned {
  /** Whether the role was made. */
  readonly created: boolean;
  /** The roles that it was made a member of, */
  readonly granted: readonly string[];
  /** and is no longer a member of. */
  readonly revoked: readonly string[];
  /** What the token says and the database does not allow. */
  readonly skipped: readonly string[];
  /** The settings that were changed, `CONNECTION LIMIT` among them. */
  readonly altered: readonly string[];
  /** Why not all of it was done, what was revoked apart; the login may be granted all the same (`onError: allow`). */
  readonly failed?: Refusal | undefined;
}

/** @returns a refusal that no entry had a part in. */
export function undecided(decision: Refusal, token?: ParsedToken): DecisionRecord {
  return { decision, issuer: undefined, token, verified: false };
}
