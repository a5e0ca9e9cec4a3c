// Which roles a token may log in as, and by which rule of which entry.
import type { Claims } from '../../claims/claim.ts';
import { loadRuleTools } from '../../policy/compile-issuer.ts';
import type { Policy } from '../../policy/policy.ts';
import { MAX_ROLE_BYTES } from '../../roles/check-role.ts';
import { compileRoleRules } from '../../roles/compile-role-rules.ts';
import { isProtectedRole } from '../../roles/is-protected-role.ts';

/** A role that a rule yields. */
export interface ListedRole {
  readonly role: string;
  /** The entry of issuers.yaml. */
  readonly issuer: string;
  /** The rule, counted from 0 as in messages. */
  readonly rule: number;
  /** Why nobody may log in as it all the same; undefined where the token may. */
  readonly barred?: 'protected' | 'too long';
}

/** Whether the token may log in as it. */
export function isUsable({ barred }: ListedRole): boolean {
  return barred === undefined;
}

/**
 * @param entries those that would grant the token some role, by name.
 * @param claims of the token, whose signature they have verified.
 */
export async function listRoles(
  { issuers, protectedRoles }: Pick<Policy, 'issuers' | 'protectedRoles'>,
  entries: ReadonlySet<string>,
  claims: Claims,
): Promise<readonly ListedRole[]> {
  const lists = issuers
    .filter(({ name }) => entries.has(name))
    .map(async ({ name, entry }) => {
      const tools = await loadRuleTools(entry);
      const barredAs = (role: string): ListedRole['barred'] => {
        if (isProtectedRole(role, protectedRoles) && !entry.allowProtectedRoles.includes(role)) {
          return 'protected';
        }
        return Buffer.byteLength(role) > MAX_ROLE_BYTES ? 'too long' : undefined;
      };
      return entry.roles.flatMap((rule, index) => {
        const roles = compileRoleRules([rule], tools, () => undefined)(claims);
        return [...new Set(roles)].map((role): ListedRole => {
          const barred = barredAs(role);
          const listed = { role, issuer: name, rule: index };
          return barred === undefined ? listed : { ...listed, barred };
        });
      });
    });
  return (await Promise.all(lists)).flat();
}
