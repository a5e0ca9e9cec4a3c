// What the administrator decided, made ready to decide by: issuers.yaml with everything it points to.
import type { IssuerConfiguration } from '../config/schema.ts';
import type { KeyLocation } from '../issuers/fetch-key-set.ts';
import type { KeySet } from '../keys/parse-key-set.ts';
import type { RolesOf } from '../roles/compile-role-rules.ts';

/** Keys that are retrieved. */
export interface RemoteKeySource {
  readonly kind: 'remote';
  readonly location: KeyLocation;
  /** In PEM; undefined for those of the system. */
  readonly certificateAuthority: string | undefined;
}

/** Where the keys of an issuer come from. */
export type KeySource = { readonly kind: 'pinned'; readonly keySet: KeySet } | RemoteKeySource;

/** One entry of `issuers`. */
export interface Issuer {
  readonly name: string;
  readonly entry: IssuerConfiguration;
  readonly keySource: KeySource;
  readonly rolesOf: RolesOf;
}

/** All that decides who may log in. Immutable: a reload makes another. */
export interface Policy {
  readonly issuers: readonly Issuer[];
  readonly protectedRoles: readonly string[];
  /** The longest token that any issuer accepts, in bytes. */
  readonly maxTokenBytes: number;
}
