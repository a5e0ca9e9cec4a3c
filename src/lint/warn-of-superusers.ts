// Open role rules, whose roles are what somebody is called: whoever is called like a role that providers and tools make as good as
// a superuser, is that role, where the server has it.
import { type Claims, pathOf } from '../claims/claim.ts';
import type { RoleRule } from '../config/schema/schema.ts';
import { quote, quoteList } from '../quote.ts';
import { compileRoleRules } from '../roles/compile-role-rules.ts';
import { isProtectedRole } from '../roles/is-protected-role.ts';
import { loadRuleTools } from '../policy/compile-issuer.ts';
import type { Issuer } from '../policy/policy.ts';
import { createSearchBudget, type SearchBudget } from './search/search-budget.ts';
import type { Warn } from './warn.ts';

/** Roles of managed servers, which a dump brings along, and of replication and backup. */
const SUPERUSERS = (
  'root rds_superuser cloudsqlsuperuser alloydbsuperuser azure_pg_admin neon_superuser supabase_admin avnadmin doadmin ' +
  'streaming_replica replicator barman repmgr enterprisedb'
).split(' ');

/** Warns of the first rule of an entry that reaches some of them. */
export async function warnOfSuperusers(
  { entry }: Issuer,
  protectedRoles: readonly string[],
  warn: Warn,
): Promise<void> {
  const names = SUPERUSERS.filter((name) => !isProtectedRole(name, protectedRoles));
  const tools = await loadRuleTools(entry);
  const budget = createSearchBudget();
  for (const [index, rule] of entry.roles.entries()) {
    if (!isOpen(rule)) {
      continue;
    }
    const rolesOf = compileRoleRules([rule], tools, () => undefined);
    const valuesOf = await createValues(rule, budget);
    const reached = names.flatMap((name) => {
      const value = valuesOf(name).find((one) =>
        rolesOf(claimsWith(rule.claim, one)).includes(name),
      );
      return value === undefined ? [] : [{ name, value }];
    });
    const [first] = reached;
    if (first !== undefined) {
      warn(
        ['roles', index],
        `whoever is called so may be ${quoteList(
          reached.map(({ name }) => name),
          3,
        )}, as with ${rule.claim} ${quote(first.value)}: as good as superusers, where a provider or a tool has made them`,
        'Protect them, such as protectedRoles: [postgres, root, "pg_*", "*superuser", "*admin", "*repl*", barman, repmgr, enterprisedb], or put something before the name.',
      );
      return;
    }
  }
}

/** Whether the role is what the claim has, without any word that tells names for PostgreSQL from others. */
function isOpen({ trimPrefix = '', role }: RoleRule): boolean {
  return (
    !WORD.test(trimPrefix) &&
    (role === undefined || [role].flat().some((one) => !WORD.test(one.replaceAll(/\\[1-9]/g, ''))))
  );
}

const WORD = /[A-Za-z0-9]/;

/** @returns what finds values of the claim that may become a role. */
async function createValues(
  rule: RoleRule,
  budget: SearchBudget,
): Promise<(name: string) => readonly string[]> {
  const { trimPrefix = '', trimSuffix = '' } = rule;
  // What a replacement puts in, may have been something else.
  const originsOf = (name: string): readonly string[] => [
    name,
    ...Object.entries(rule.replace ?? {}).map(([from, to]) => name.replaceAll(to, from)),
  ];
  const plainOf = (name: string): readonly string[] =>
    originsOf(name).map((one) => `${trimPrefix}${one}${trimSuffix}`);
  if (rule.pattern === undefined) {
    return plainOf;
  }
  const [{ findText }, { createMachine }, { demandOfRoleRule }, { RE2JS }] = await Promise.all([
    import('./search/find-text.ts'),
    import('./search/pattern-machine.ts'),
    import('./search/demand-of.ts'),
    import('re2js'),
  ]);
  const demand = createMachine(demandOfRoleRule(rule).expression);
  return (name) => [
    ...plainOf(name),
    ...originsOf(name).flatMap((one) => {
      const template = createMachine(`(?:.*[^a-z0-9_-])?${RE2JS.quote(one)}(?:[^a-z0-9_-].*)?`);
      return demand === undefined || template === undefined
        ? []
        : (findText(template, [demand], [], budget) ?? []);
    }),
  ];
}

/** Claims in which a rule finds a value. */
function claimsWith(selector: string, value: string): Claims {
  const [first = '', ...more] = pathOf(selector);
  return { [first]: more.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) };
}
