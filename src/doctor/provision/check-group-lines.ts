// Lines of pg_hba.conf for the members of a role (`+group`), where roles follow tokens: pg_hba.conf is read before PAM, when a new
// role is a member of nothing yet, or does not exist.
import type { Policy } from '../../policy/policy.ts';
import { fault, type Finding } from '../finding.ts';
import { findOwnLines } from '../hba/check-hba.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import { placeOf } from '../hba/place-of.ts';

/** From this version on a session has what was granted to its role while PAM decided, as in server_version_num. */
const FRESH_MEMBERSHIPS = 160_000;

/** A pg_hba.conf, and the version of the server that uses it, as in server_version_num; undefined where it was not asked. */
export interface VersionedHBA {
  readonly rules: readonly HBARule[];
  readonly version: number | undefined;
}

/** @param services those that are examined. */
export function checkGroupLines(
  files: readonly VersionedHBA[],
  services: readonly string[],
  policy: Pick<Policy, 'issuers'> | undefined,
): readonly Finding[] {
  const provisions = (policy?.issuers ?? []).flatMap(({ entry }) => entry.provision ?? []);
  const creates = provisions.some(({ create }) => create);
  const grants = provisions.some(({ memberOf }) => memberOf !== undefined);
  return files.flatMap(({ rules, version }) => {
    const own = findOwnLines(rules, services);
    const last = rules.findLastIndex((rule) => own.includes(rule));
    const stale = grants && version !== undefined && version < FRESH_MEMBERSHIPS;
    return [
      ...own
        .filter((rule) => creates && rule.users.every(isGroup))
        .map((rule) =>
          fault(
            'hba-group',
            placeOf(rule),
            `no first login comes by this line: it is for members of ${nameGroups(rule)}, and a role that does not exist yet is a member of nothing`,
            'Write all in place of the role, or from PostgreSQL 16 on a regular expression such as /^foo: ; what may log in is for issuers.yaml to say.',
          ),
        ),
      ...rules
        .slice(0, last + 1)
        .filter((rule) => stale && rule.users.some(isGroup))
        .map((rule) =>
          fault(
            'hba-group-stale',
            placeOf(rule),
            `it is for members of ${nameGroups(rule)}: before PostgreSQL 16 a session that came by such a line, or past it, keeps the memberships that its role had before the login`,
            'Write all, or roles by their names, or take memberOf out of provision.',
          ),
        ),
    ];
  });
}

function isGroup({ text, quoted }: HBARule['users'][number]): boolean {
  return text.startsWith('+') && !quoted;
}

function nameGroups({ users }: HBARule): string {
  return users
    .filter(isGroup)
    .map(({ text }) => text.slice(1))
    .join(', ');
}
