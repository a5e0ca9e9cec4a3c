// The roles that rules name, in issuers.yaml and in pg_hba.conf: names that PostgreSQL can have, that a token may be, and, as
// far as the server was asked, that are there and may log in.
import type { Issuer, Policy } from '../../policy/policy.ts';
import { quote } from '../../quote.ts';
import { findOwnLines } from '../hba/check-hba.ts';
import { fault, ok, type Finding } from '../finding.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import { GROUP_REFERENCE } from '../../roles/compile-role-rules.ts';
import { checkExpiry } from './check-expiry.ts';
import { checkPowers } from './check-powers.ts';
import { findReach, isBarred, type NamedRole, type ReachedRole } from './find-reach.ts';
import { quoteIdentifier } from './quote-identifier.ts';
import { type DatabaseRole, MAX_ROLE_BYTES, MIN_CUT_BYTES } from './read-roles.ts';

/** Every role that a rule names word for word. */
export function findNamedRoles(
  policy: Policy | undefined,
  hba: readonly HBARule[],
  services: readonly string[],
): readonly NamedRole[] {
  const granted = (policy?.issuers ?? []).flatMap((issuer) =>
    rolesOf(issuer).flatMap(({ role, place }) =>
      role.search(GROUP_REFERENCE) === -1 ? [{ name: role, place, issuer }] : [],
    ),
  );
  const admitted = findOwnLines(hba, services).flatMap((rule) =>
    rule.users
      .filter(({ text, quoted }) => quoted || (text !== 'all' && !/^[+/@]/.test(text)))
      .map(({ text }) => ({
        name: text,
        place: `${rule.file}:${rule.line}`,
        issuer: undefined,
      })),
  );
  return [...granted, ...admitted];
}

/** @param roles undefined when no server was asked. */
export function checkRoles(
  policy: Policy | undefined,
  named: readonly NamedRole[],
  roles: readonly DatabaseRole[] | undefined,
): readonly Finding[] {
  const reached =
    policy === undefined || roles === undefined ? [] : findReach(policy, named, roles);
  const findings = [
    ...named.flatMap((role) => checkName(role, policy, roles)),
    ...(policy === undefined ? [] : policy.issuers.flatMap(checkTemplates)),
    ...checkPowers(reached),
    ...checkExpiry(reached),
    ...reached.flatMap(checkCut),
  ];
  const checked =
    roles === undefined ? 'whether they exist was not asked (--db)' : 'they exist and may log in';
  const names = new Set(named.map(({ name }) => name)).size;
  return findings.length > 0 || policy === undefined
    ? findings
    : [
        ok(
          'role',
          'rules',
          names === 0
            ? 'no rule names a role word for word'
            : `${names} named word for word; ${checked}`,
        ),
      ];
}

function checkName(
  { name, place, issuer }: NamedRole,
  policy: Policy | undefined,
  roles: readonly DatabaseRole[] | undefined,
): Finding[] {
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_ROLE_BYTES) {
    return [tooLong(place, `role ${quote(name)} has ${bytes} bytes`)];
  }
  if (issuer !== undefined && policy !== undefined && isBarred(name, issuer, policy)) {
    return [
      fault(
        'role-protected',
        place,
        `role ${quote(name)} is protected: no token may log in as it, whatever this rule says`,
        'Name another role, or take it out of protectedRoles.',
      ),
    ];
  }
  if (roles === undefined) {
    return [];
  }
  const role = roles.find((one) => one.name === name);
  const identifier = quoteIdentifier(name);
  if (role === undefined) {
    return [
      fault(
        'role-missing',
        place,
        `role ${quote(name)} does not exist`,
        `Run:\n  CREATE ROLE ${identifier} LOGIN\nOr correct the name, case and all.`,
      ),
    ];
  }
  return role.mayLogIn
    ? []
    : [
        fault(
          'role-no-login',
          place,
          `role ${quote(name)} may not log in`,
          `Run:\n  ALTER ROLE ${identifier} LOGIN`,
        ),
      ];
}

/** Templates whose own words are too long for a name already. */
function checkTemplates(issuer: Issuer): Finding[] {
  return rolesOf(issuer).flatMap(({ role, place }) => {
    const own = Buffer.byteLength(role.replaceAll(GROUP_REFERENCE, ''));
    return own > MAX_ROLE_BYTES && role.search(GROUP_REFERENCE) !== -1
      ? [tooLong(place, `role ${quote(role)} has ${own} bytes without what the groups add`)]
      : [];
  });
}

/** A role that is there, and whose name is perhaps not the one that it was made by. */
function checkCut({ role: { name }, place, entries }: ReachedRole): Finding[] {
  return place === undefined && mayBeCut(name)
    ? [
        fault(
          'role-cut',
          name,
          `it has ${Buffer.byteLength(name)} bytes, and PostgreSQL keeps at most ${MAX_ROLE_BYTES}: if it was made by a longer name, no token fits it (rules of ${entries.join(', ')})`,
          'Give it a shorter name, and write a role rule that yields that one.',
        ),
      ]
    : [];
}

/** PostgreSQL cuts names when a role is made, and never within a character. */
function mayBeCut(name: string): boolean {
  const bytes = Buffer.byteLength(name);
  return bytes === MAX_ROLE_BYTES || (bytes > name.length && bytes >= MIN_CUT_BYTES);
}

function tooLong(place: string, seen: string): Finding {
  return fault(
    'role-too-long',
    place,
    `${seen}; PostgreSQL's role names have at most ${MAX_ROLE_BYTES}, so that nobody can ask for it`,
    'Write a shorter role, and give the role in the database that name.',
  );
}

function rolesOf(issuer: Issuer): { readonly role: string; readonly place: string }[] {
  return issuer.entry.roles.flatMap((rule, index) =>
    [rule.role ?? []].flat().map((role) => ({ role, place: `${issuer.name}: roles[${index}]` })),
  );
}
