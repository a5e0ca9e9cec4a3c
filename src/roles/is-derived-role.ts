// Whether what a role rule yields comes from the claim, or is written in the rule.
import type { RoleRule } from '../config/schema/schema.ts';
import { GROUP_REFERENCE } from './compile-role-rules.ts';

/** @returns true without `role`, which is the value itself then, and where one names a group of the pattern. */
export function isDerivedRole({ role }: Pick<RoleRule, 'role'>): boolean {
  return role === undefined || [role].flat().some((one) => one.search(GROUP_REFERENCE) !== -1);
}
