// Which roles of a server a token could log in as, and by which rules: those that a rule names, and those that a claim may lead to.
import type { Issuer, Policy } from '../../policy/policy.ts';
import { isDerivedRole } from '../../roles/is-derived-role.ts';
import { isProtectedRole } from '../../roles/is-protected-role.ts';
import type { DatabaseRole } from './read-roles.ts';

/** A role and the place that names it. */
export interface NamedRole {
  readonly name: string;
  readonly place: string;
  /** The entry whose tokens may log in as it; undefined of a line of pg_hba.conf, which only lets it ask. */
  readonly issuer: Issuer | undefined;
}

/** A role that may log in, and that a token could log in as. */
export interface ReachedRole {
  readonly role: DatabaseRole;
  /** The rule that names it; undefined where claims may lead to it. */
  readonly place: string | undefined;
  /** The entries whose rules do, one where a rule names it. */
  readonly entries: readonly string[];
  /** Whether it is protected, and an entry makes an exception. */
  readonly isException: boolean;
}

/** @param roles those of the server. */
export function findReach(
  policy: Policy,
  named: readonly NamedRole[],
  roles: readonly DatabaseRole[],
): readonly ReachedRole[] {
  const open = policy.issuers.filter((issuer) => issuer.entry.roles.some(isDerivedRole));
  return roles
    .filter(({ mayLogIn }) => mayLogIn)
    .flatMap((role): readonly ReachedRole[] => {
      const isException = isProtectedRole(role.name, policy.protectedRoles);
      const byName = named.flatMap(({ name, place, issuer }) =>
        name === role.name && issuer !== undefined && !isBarred(name, issuer, policy)
          ? [{ role, place, entries: [issuer.name], isException }]
          : [],
      );
      const entries = open.filter((issuer) => !isBarred(role.name, issuer, policy));
      return byName.length > 0 || entries.length === 0
        ? byName
        : [{ role, place: undefined, entries: entries.map(({ name }) => name), isException }];
    });
}

/** Whether a role is protected from the tokens of an entry. */
export function isBarred(role: string, issuer: Issuer, policy: Policy): boolean {
  return (
    isProtectedRole(role, policy.protectedRoles) && !issuer.entry.allowProtectedRoles.includes(role)
  );
}
