// What would be done in the database, in one line.
import { toPrintable } from '../../protocol/format-reply.ts';
import { quoteList } from '../../quote.ts';
import type { ProvisionPlan } from './plan-provision.ts';

/** @param role that is logged in to. */
export function formatPlan(role: string, plan: ProvisionPlan): string {
  if ('problem' in plan) {
    return `server ${plan.server}: cannot be provisioned: ${plan.problem}`;
  }
  const { created, granted, revoked, skipped, altered, isStandby } = plan.changes;
  const deeds = [
    ...(created ? [`create ${toPrintable(role)}`] : []),
    ...(granted.length > 0 ? [`grant ${quoteList(granted, 10)}`] : []),
    ...(revoked.length > 0 ? [`revoke ${quoteList(revoked, 10)}`] : []),
    ...(altered.length > 0 ? [`set ${altered.join(', ')}`] : []),
  ];
  const would = isStandby
    ? 'a standby, on which nothing is written'
    : deeds.length === 0
      ? 'nothing would change'
      : `would ${deeds.join(', ')}`;
  const not = skipped.length > 0 ? `; not granted: ${quoteList(skipped, 10)}` : '';
  return `server ${plan.server}: ${would}${not}`;
}
