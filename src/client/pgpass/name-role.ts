// The role that a line is for, as its token has it.
import { findClaim } from '../../claims/claim.ts';
import { quote, quoteOrNone } from '../../quote.ts';
import { type ClientToken, fault, type TokenFault } from '../token/client-token.ts';
import type { UserPlan } from './pgpass-plan.ts';

/** @returns the role, or why the token names none. */
export function nameRole(plan: UserPlan, { claims }: ClientToken): string | TokenFault {
  if (plan.kind === 'name') {
    return plan.name;
  }
  const { claim, trimPrefix } = plan;
  const value = findClaim(claims, claim);
  if (typeof value !== 'string' || value === '') {
    return fault(
      `claim ${claim} of the token is ${quoteOrNone(value)}; expected text, the name of the role`,
    );
  }
  if (!value.startsWith(trimPrefix) || value === trimPrefix) {
    return fault(
      `claim ${claim} of the token is ${quote(value)}; expected ${quote(trimPrefix)} and a role behind it`,
      'Give the prefix that the role rule of issuers.yaml takes off (trimPrefix).',
    );
  }
  const role = value.slice(trimPrefix.length);
  return isFit(role)
    ? role
    : fault(`claim ${claim} of the token names role ${quote(role)}, which no line can hold`);
}

/** Whether a text can be a field of a line. */
export function isFit(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\0\r\n]/.test(text);
}
