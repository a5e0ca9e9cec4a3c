// What a login is to have in the database, by issuers.yaml and by what its token says.
import type { Claims } from '../claims/claim.ts';
import type { Issuer } from '../policy/policy.ts';
import type { WantedRole } from '../postgres/provision-role.ts';

/** What a role is to be, and what of the token cannot be asked for. */
export interface RoleDemand {
  readonly wanted: WantedRole;
  /** Roles that the token says and that are protected, or cannot be the name of a role. */
  readonly withheld: readonly string[];
}

/** @returns undefined where the entry provisions nothing. */
export function wantRole(issuer: Issuer, role: string, claims: Claims): RoleDemand | undefined {
  const { provision } = issuer.entry;
  if (provision === undefined) {
    return undefined;
  }
  const { roles, isComplete, withheld } = issuer.membershipsOf(claims);
  return {
    wanted: {
      role,
      mayCreate: provision.create,
      memberOf: roles.filter(isName),
      mayRevoke: isComplete,
      connectionLimit: provision.connectionLimit,
      settings: Object.fromEntries(
        Object.entries(provision.settings).filter(([, value]) => value !== undefined),
      ),
    },
    withheld: [...withheld, ...roles.filter((name) => !isName(name))],
  };
}

/** PostgreSQL takes no text with U+0000, and would refuse the whole question. */
function isName(text: string): boolean {
  return !text.includes('\0');
}
