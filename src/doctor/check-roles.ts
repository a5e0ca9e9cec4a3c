// The roles that rules name, in issuers.yaml and in pg_hba.conf: names that PostgreSQL can have, that a token may be, and, as
// far as the server was asked, that are there and may log in.
import type { Issuer, Policy } from '../authorize/policy.ts';
import type { RoleRule } from '../config/schema.ts';
import { quote } from '../quote.ts';
import { isProtectedRole } from '../roles/is-protected-role.ts';
import { serviceOf } from './check-hba.ts';
import { faulty, fine, type Finding } from './finding.ts';
import type { HBARule } from './parse-hba.ts';
import { type DatabaseFacts, MAX_ROLE_BYTES, MIN_CUT_BYTES } from './read-database.ts';

/** A role and the place that names it. */
export interface NamedRole {
  readonly name: string;
  readonly place: string;
  /** Whether a token that the rule fits may be it; a line of pg_hba.conf only lets it ask. */
  readonly isGranted: boolean;
}

const GROUP = /\\[0-9]/g;

/** Every role that a rule names word for word. */
export function findNamedRoles(
  policy: Policy | undefined,
  hba: readonly HBARule[],
  services: readonly string[],
): readonly NamedRole[] {
  const granted = (policy?.issuers ?? []).flatMap((issuer) =>
    rolesOf(issuer).flatMap(({ role, place }) =>
      role.search(GROUP) === -1 ? [{ name: role, place, isGranted: true }] : [],
    ),
  );
  const admitted = hba
    .filter((rule) => rule.method === 'pam' && services.includes(serviceOf(rule)))
    .flatMap((rule) =>
      rule.users
        .filter(({ text, quoted }) => quoted || (text !== 'all' && !/^[+/@]/.test(text)))
        .map(({ text }) => ({ name: text, place: `${rule.file}:${rule.line}`, isGranted: false })),
    );
  return [...granted, ...admitted];
}

/** @param facts undefined when the server was not asked. */
export function checkRoles(
  policy: Policy | undefined,
  named: readonly NamedRole[],
  facts: DatabaseFacts | undefined,
): readonly Finding[] {
  const findings = [
    ...named.flatMap((role) => checkName(role, policy, facts)),
    ...(policy === undefined ? [] : policy.issuers.flatMap(checkTemplates)),
    ...(policy === undefined || facts === undefined ? [] : checkReach(policy, named, facts)),
  ];
  const checked =
    facts === undefined ? 'whether they exist was not asked (--db)' : 'they exist and may log in';
  const names = new Set(named.map(({ name }) => name)).size;
  return findings.length > 0 || policy === undefined
    ? findings
    : [
        fine(
          'role',
          'rules',
          names === 0
            ? 'no rule names a role word for word'
            : `${names} named word for word; ${checked}`,
        ),
      ];
}

function checkName(
  { name, place, isGranted }: NamedRole,
  policy: Policy | undefined,
  facts: DatabaseFacts | undefined,
): Finding[] {
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_ROLE_BYTES) {
    return [tooLong(place, `role ${quote(name)} has ${bytes} bytes`)];
  }
  if (isGranted && policy !== undefined && isProtectedRole(name, policy.protectedRoles)) {
    return [
      faulty(
        'role-protected',
        place,
        `role ${quote(name)} is protected: no token may be it, whatever this rule says`,
        'Name another role, or take it out of protectedRoles.',
      ),
    ];
  }
  if (facts === undefined) {
    return [];
  }
  const role = facts.roles.find((one) => one.name === name);
  const identifier = `"${name.replaceAll('"', '""')}"`;
  if (role === undefined) {
    return [
      faulty(
        'role-missing',
        place,
        `role ${quote(name)} does not exist`,
        `Run:\n  CREATE ROLE ${identifier} LOGIN\nOr correct the name, case and all.`,
      ),
    ];
  }
  if (!role.mayLogIn) {
    return [
      faulty(
        'role-no-login',
        place,
        `role ${quote(name)} may not log in`,
        `Run:\n  ALTER ROLE ${identifier} LOGIN`,
      ),
    ];
  }
  return role.isSuperuser && isGranted
    ? [
        faulty(
          'role-superuser',
          place,
          `role ${quote(name)} is a superuser, and this rule lets a token be it`,
          'Name a role without SUPERUSER, and add this one to protectedRoles.',
        ),
      ]
    : [];
}

/** Templates whose own words are too long for a name already. */
function checkTemplates(issuer: Issuer): Finding[] {
  return rolesOf(issuer).flatMap(({ role, place }) => {
    const own = Buffer.byteLength(role.replaceAll(GROUP, ''));
    return own > MAX_ROLE_BYTES && role.search(GROUP) !== -1
      ? [tooLong(place, `role ${quote(role)} has ${own} bytes without what the groups add`)]
      : [];
  });
}

/** Roles that are there and that no rule names, but that claims may lead to. */
function checkReach(policy: Policy, named: readonly NamedRole[], facts: DatabaseFacts): Finding[] {
  const open = policy.issuers.filter((issuer) => issuer.entry.roles.some(isOpen));
  if (open.length === 0) {
    return [];
  }
  const names = open.map(({ name }) => name).join(', ');
  const reachable = facts.roles.filter(
    ({ name, mayLogIn }) => mayLogIn && !isProtectedRole(name, policy.protectedRoles),
  );
  return reachable.flatMap(({ name, isSuperuser }) => {
    if (isSuperuser && !named.some((role) => role.isGranted && role.name === name)) {
      return [
        faulty(
          'role-superuser',
          name,
          `it is a superuser and not protected: whoever has a claim that reads so may be it (rules of ${names})`,
          `Add ${quote(name)} to protectedRoles.`,
        ),
      ];
    }
    return mayBeCut(name)
      ? [
          faulty(
            'role-cut',
            name,
            `it has ${Buffer.byteLength(name)} bytes, and PostgreSQL keeps at most ${MAX_ROLE_BYTES}: if it was made by a longer name, no token fits it (rules of ${names})`,
            'Give it a shorter name, and write a role rule that yields that one.',
          ),
        ]
      : [];
  });
}

/** PostgreSQL cuts names when a role is made, and never within a character. */
function mayBeCut(name: string): boolean {
  const bytes = Buffer.byteLength(name);
  return bytes === MAX_ROLE_BYTES || (bytes > name.length && bytes >= MIN_CUT_BYTES);
}

function tooLong(place: string, seen: string): Finding {
  return faulty(
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

/** Whether what the role is comes from the claim. */
function isOpen({ role }: RoleRule): boolean {
  return role === undefined || [role].flat().some((one) => one.search(GROUP) !== -1);
}
