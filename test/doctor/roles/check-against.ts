// What doctor says of the roles of a server where one entry has these role rules.
import { checkRoles, findNamedRoles } from '../../../src/doctor/roles/check-roles.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import type { DatabaseRole } from '../../../src/doctor/roles/read-roles.ts';
import { entry, loadIssuers } from '../load-issuers.ts';

/** A rule that names role `app`, and one that leads to any. */
export const NAMED = { roles: [{ claim: 'groups', equals: 'a', role: 'app' }] };
export const OPEN = { roles: [{ claim: 'sub' }] };

/** All that is not in order. @param over members of the entry. */
export async function checkAgainst(
  over: Record<string, unknown>,
  ...roles: readonly DatabaseRole[]
): Promise<readonly Finding[]> {
  const policy = await loadIssuers([entry(over)]);
  const found = checkRoles(policy, findNamedRoles(policy, [], ['x']), roles);
  return found.filter(({ level }) => level !== 'ok');
}
