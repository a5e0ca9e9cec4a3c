// What the administrator decided, made ready to decide by: issuers.yaml with everything it points to.
import type { Algorithm } from '../values/algorithms.ts';
import type { IssuerConfiguration, ServerConfiguration } from '../config/schema/schema.ts';
import type { KeyLocation } from '../issuers/fetch-key-set.ts';
import type { KeySet } from '../keys/formats/parse-key-set.ts';
import type { ReviewSource } from '../review/review-source.ts';
import type { MembershipsOf } from '../roles/compile-memberships.ts';
import type { RolesOf } from '../roles/compile-role-rules.ts';
import type { Check, VerifiedToken } from '../verify/checks/check.ts';
import type { LoginOrigin } from './admission-checks.ts';

/** Keys that are retrieved. */
export interface RemoteKeySource {
  readonly kind: 'remote';
  readonly location: KeyLocation;
  /** In PEM; undefined for those of the system. */
  readonly certificateAuthority: string | undefined;
  /** A file with the token to ask with; undefined for none. */
  readonly bearerTokenFile: string | undefined;
}

/** Where the keys of an issuer come from. */
export type KeySource = { readonly kind: 'pinned'; readonly keySet: KeySet } | RemoteKeySource;

/** One entry of `issuers`. Made by `compileIssuer`. */
export interface Issuer {
  readonly name: string;
  readonly entry: IssuerConfiguration;
  readonly keySource: KeySource;
  /** The signature algorithms that it accepts. */
  readonly algorithms: readonly Algorithm[];
  /** Whose logins it is for; empty where it is for all. */
  readonly admissionChecks: readonly Check<LoginOrigin>[];
  readonly claimChecks: readonly Check<VerifiedToken>[];
  readonly rolesOf: RolesOf;
  /** Who reviews its tokens, where the entry says that somebody does. Without it such an entry grants nothing. */
  readonly review?: ReviewSource | undefined;
  /** What its tokens say of memberships, for `provision`. */
  readonly membershipsOf: MembershipsOf;
}

/** All that decides who may log in. Immutable: a reload makes another. */
export interface Policy {
  readonly issuers: readonly Issuer[];
  /** The PostgreSQL servers of this host that the daemon may act on. */
  readonly servers: readonly ServerConfiguration[];
  readonly protectedRoles: readonly string[];
  /** The longest token that any issuer accepts, in bytes. */
  readonly maxTokenBytes: number;
}
