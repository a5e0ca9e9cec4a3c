// Why nobody could log in by the entries of a plan, or not with the token that was given.
import { findNamedRoles } from '../../doctor/roles/check-roles.ts';
import { isBarred } from '../../doctor/roles/find-reach.ts';
import type { Policy } from '../../policy/policy.ts';
import { quote } from '../../quote.ts';
import { isDerivedRole } from '../../roles/is-derived-role.ts';
import { formatDuration } from '../../values/units.ts';
import type { TokenFacts } from '../detect/read-token-facts.ts';
import type { InitProblem } from '../init-problem.ts';

/** A role that a rule names in vain. */
export interface BarredRole {
  readonly name: string;
  /** The entry whose rule names it. */
  readonly issuer: string;
}

/** Roles that rules name and protectedRoles does not permit. */
export function findBarred(policy: Policy): readonly BarredRole[] {
  return findNamedRoles(policy, [], []).flatMap(({ name, issuer }) =>
    issuer !== undefined && isBarred(name, issuer, policy) ? [{ name, issuer: issuer.name }] : [],
  );
}

/** An entry by which nobody could log in, whatever their token. */
export function findShutEntry(
  policy: Policy,
  barred: readonly BarredRole[],
): InitProblem | undefined {
  const named = findNamedRoles(policy, [], []);
  const expression = named.find(({ name }) => name.startsWith('/'));
  if (expression !== undefined) {
    return {
      problem: `role ${quote(expression.name)} begins with a slash, which pg_hba.conf takes for an expression, in quotes as well`,
      hint: 'Name another role.',
      isInTheWay: true,
    };
  }
  const shut = policy.issuers.find(
    ({ name, entry }) =>
      !entry.roles.some(isDerivedRole) &&
      named
        .filter(({ issuer }) => issuer?.name === name)
        .every((one) => barred.some((other) => other.name === one.name && other.issuer === name)),
  );
  return shut === undefined
    ? undefined
    : {
        problem: `nobody could log in by ${shut.name}: all its roles are protected (${barred
          .filter(({ issuer }) => issuer === shut.name)
          .map(({ name }) => quote(name))
          .join(', ')}), and no token may be a protected role`,
        hint: `Name other roles; protected are ${policy.protectedRoles.map(quote).join(', ')}.`,
        isInTheWay: true,
      };
}

/** A token that lives longer than its entry would accept: the next ones will, too. */
export function findLongLife(
  token: TokenFacts | undefined,
  { issuers }: Policy,
): InitProblem | undefined {
  const lifetime = token?.lifetime ?? 0;
  const own = issuers.find(
    ({ entry }) =>
      (entry.issuer.url === undefined || entry.issuer.url === token?.issuer) &&
      lifetime > entry.token.maxLifetime,
  );
  return own === undefined
    ? undefined
    : {
        problem: `the token lives ${formatDuration(lifetime)}; entry ${own.name} accepts at most ${formatDuration(own.entry.token.maxLifetime)} (token.maxLifetime)`,
        hint: 'Get one that lives no longer, and have clients do so (kubectl create token --duration, expirationSeconds of a pod, the lifetime in the settings of the issuer). Without --token-file the entry is written, for you to change its token.maxLifetime.',
        isInTheWay: true,
      };
}

/** What of a token the entries would refuse; its claims are checked at a login. */
export function compareToken(
  { issuer, audiences, algorithm }: TokenFacts,
  { issuers }: Policy,
): readonly string[] {
  const own = issuers.filter(
    ({ entry }) => entry.issuer.url === undefined || entry.issuer.url === issuer,
  );
  if (own.length === 0) {
    return ['no entry is for the issuer of the token: issuer.url and iss differ'];
  }
  return own.flatMap(({ name, entry, algorithms }) => [
    ...(audiences.some((one) => entry.issuer.audiences.includes(one))
      ? []
      : [`${name}: none of its audiences is in the token`]),
    ...(algorithms.some((one) => one === algorithm)
      ? []
      : [`${name}: the token is signed with ${algorithm}; accepted are ${algorithms.join(', ')}`]),
  ]);
}
