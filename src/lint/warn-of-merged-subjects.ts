// Role rules that make one role of two subjects: whoever may be called like the second, is the first. A separator that the parts
// may have in them, a replacement that meets what is there already, or a part that is left out.
//
// Found by trying: samples of subjects as Kubernetes and others issue them go through the rules themselves.
import { type Claims, findClaim } from '../claims/claim.ts';
import type { RoleRule } from '../config/schema/schema.ts';
import { quote } from '../quote.ts';
import { compileRoleRules, type RolesOf } from '../roles/compile-role-rules.ts';
import { isDerivedRole } from '../roles/is-derived-role.ts';
import { findRefusal } from '../verify/checks/check.ts';
import { loadRuleTools } from '../policy/compile-issuer.ts';
import type { Issuer } from '../policy/policy.ts';
import type { Warn } from './warn.ts';

/** Subjects of one kind. */
interface SubjectKind {
  readonly claims: readonly string[];
  /** An RE2 expression. Its groups tell subjects apart; without one, the whole text does. */
  readonly pattern: string;
  /** The claims of a token of this subject. */
  readonly claimsOf: (text: string, groups: Readonly<Record<string, string>>) => Claims;
  /** For rules without a pattern alone: of what a pattern leaves out of such a text, nothing is known. */
  readonly needsNoPattern?: boolean;
}

const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const NAMESPACE = '/kubernetes.io/namespace';
const REPOSITORY = String.raw`[A-Za-z0-9._-]+`;

/** @param namespaces an RE2 expression for those that the entry admits. */
function kindsFor(namespaces: string): readonly SubjectKind[] {
  return [
    {
      claims: ['sub', '/kubernetes.io/serviceaccount/name'],
      pattern: `system:serviceaccount:(?P<namespace>${namespaces}):(?P<name>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)`,
      claimsOf: (sub, { namespace, name }) => ({
        sub,
        'kubernetes.io': { namespace, serviceaccount: { name } },
      }),
    },
    {
      claims: ['sub'],
      pattern: 'spiffe://[a-z0-9._-]+(?P<path>(?:/[A-Za-z0-9._-]+)+)',
      claimsOf: (sub) => ({ sub }),
    },
    {
      claims: ['sub'],
      pattern: `repo:[A-Za-z0-9-]+(?:@[0-9]+)?/(?P<repository>${REPOSITORY})(?:@[0-9]+)?:[^:]+:.+`,
      claimsOf: (sub) => ({ sub }),
    },
    {
      claims: ['sub'],
      pattern: `project_path:(?P<project>${REPOSITORY}(?:/${REPOSITORY})+):ref_type:(?:branch|tag):ref:.+`,
      claimsOf: (sub) => ({ sub }),
    },
    ...['repository', 'project_path'].map((claim) => ({
      claims: [claim],
      pattern: `${REPOSITORY}(?:/${REPOSITORY})+`,
      claimsOf: (text: string) => ({ [claim]: text }),
    })),
    ...['email', 'upn', 'unique_name', 'preferred_username'].map((claim) => ({
      claims: [claim],
      pattern: `[a-z0-9._-]+@${LABEL}(?:[.]${LABEL})+`,
      claimsOf: (text: string) => ({ [claim]: text }),
    })),
    ...['sub', 'preferred_username', 'username', 'name'].map((claim) => ({
      claims: [claim],
      pattern: '[a-z0-9._|:@/-]+',
      claimsOf: (text: string) => ({ [claim]: text }),
      needsNoPattern: true,
    })),
  ];
}

/** Warns of the first two subjects of each rule that become one role. */
export async function warnOfMergedSubjects(issuer: Issuer, warn: Warn): Promise<void> {
  const { entry } = issuer;
  if (!entry.roles.some(isDerived)) {
    return;
  }
  const [{ listTexts }, { createMachine }, { demandOfClaimRule, demandOfRoleRule }, tools] =
    await Promise.all([
      import('./search/list-texts.ts'),
      import('./search/pattern-machine.ts'),
      import('./search/demand-of.ts'),
      loadRuleTools(entry),
    ]);
  const ofNamespace = entry.claimValidationRules.find(({ claim }) => claim === NAMESPACE);
  const demanded = ofNamespace && demandOfClaimRule(ofNamespace);
  const kinds = kindsFor(demanded?.expression ?? LABEL);
  for (const [index, rule] of entry.roles.entries()) {
    if (!isDerived(rule)) {
      continue;
    }
    const rolesOf = compileRoleRules([rule], tools, () => undefined);
    const replaced = Object.entries(rule.replace ?? {})
      .flat()
      .join('');
    for (const kind of kinds.filter((one) => fits(one, rule))) {
      const template = createMachine(kind.pattern);
      const demand = rule.claim.startsWith('/')
        ? undefined
        : createMachine(demandOfRoleRule(rule).expression);
      const machines = [template, demand].filter((one) => one !== undefined);
      const texts = template === undefined ? [] : listTexts(machines, replaced);
      const subjects = texts.map((text) => {
        const groups = template?.match(text) ?? {};
        const identity = Object.values(groups).join('\0') || text;
        return { text, identity, claims: kind.claimsOf(text, groups) };
      });
      const pair = findPair(
        subjects.filter(({ claims }) => isAdmitted(issuer, claims)),
        rolesOf,
      );
      if (pair !== undefined) {
        warn(
          ['roles', index],
          `${quote(pair.one)} and ${quote(pair.other)} become the same role, ${quote(pair.role)}`,
          'Keep every distinguishing part, and use a separator that cannot occur in the names.',
        );
        break;
      }
      if (texts.length > 0) {
        break;
      }
    }
  }
}

/** Whether the role is made of the claim, rather than written in the rule. */
function isDerived(rule: RoleRule): boolean {
  return rule.equals === undefined && isDerivedRole(rule);
}

function fits({ claims, needsNoPattern }: SubjectKind, rule: RoleRule): boolean {
  return claims.includes(rule.claim) && (needsNoPattern !== true || rule.pattern === undefined);
}

/** Whether the entry's rules on those claims that the subject has, hold. */
function isAdmitted({ entry, claimChecks }: Issuer, claims: Claims): boolean {
  const names = entry.claimValidationRules.flatMap(({ claim }, index) =>
    findClaim(claims, claim) === undefined ? [] : [`claimValidationRules[${index}]`],
  );
  const checks = claimChecks.filter(({ name }) => names.includes(name));
  return findRefusal(checks, { type: undefined, claims, keyIDs: [], now: 0 }) === undefined;
}

interface Subject {
  readonly text: string;
  readonly identity: string;
  readonly claims: Claims;
}

function findPair(
  subjects: readonly Subject[],
  rolesOf: RolesOf,
): { readonly one: string; readonly other: string; readonly role: string } | undefined {
  const known = new Map<string, Subject>();
  for (const subject of subjects) {
    for (const role of rolesOf(subject.claims)) {
      const first = known.get(role) ?? subject;
      known.set(role, first);
      if (first.identity !== subject.identity) {
        return { one: first.text, other: subject.text, role };
      }
    }
  }
  return undefined;
}
