// Clients that a line of pg_hba.conf seems to be for, and that another line above it takes: those at some of its addresses.
// Debian's own lines for 127.0.0.1 and ::1 do so to every line that is appended.
import { fault, type Finding } from '../finding.ts';
import { findExceptions, isLoopback } from './hba-coverage.ts';
import type { HBARule } from './parse-hba.ts';
import { lineFor, nameRule, placeOf } from './place-of.ts';

/** Whose clients are meant to be let in or kept out in another way than by password. */
const DELIBERATE: ReadonlySet<string> = new Set(['pam', 'oauth', 'reject']);

/**
 * @param earlier the lines above.
 * @returns a note of hosts, this one or others, and a warning of whole networks.
 */
export function checkExceptions(rule: HBARule, earlier: readonly HBARule[]): readonly Finding[] {
  const takers = findExceptions(rule, earlier, ({ method }) => !DELIBERATE.has(method));
  const hosts = takers.filter(isOfOneHost);
  const networks = takers.filter((taker) => !isOfOneHost(taker));
  return [
    ...(hosts.length === 0 ? [] : [tell('hba-exception', rule, hosts)]),
    ...(networks.length === 0 ? [] : [tell('hba-partly-shadowed', rule, networks)]),
  ];
}

function tell(
  name: 'hba-exception' | 'hba-partly-shadowed',
  rule: HBARule,
  takers: readonly HBARule[],
): Finding {
  const addresses = [...new Set(takers.map(addressOf))];
  return fault(
    name,
    placeOf(rule),
    `not used by clients at ${addresses.join(', ')}: ${takers.map((taker) => nameRule(taker, rule)).join(' and ')} above it ${takers.length === 1 ? 'takes' : 'take'} those connections`,
    `If they are to log in with tokens too, write above line ${takers[0]?.line}:${addresses.map((address) => `\n  ${lineFor(address, rule)}`).join('')}`,
  );
}

function addressOf({ address }: HBARule): string {
  switch (address?.kind) {
    case 'range':
      return address.text;
    case 'named':
      return address.name;
    default:
      return 'all';
  }
}

function isOfOneHost(rule: HBARule): boolean {
  const { address } = rule;
  return (
    isLoopback(rule) ||
    (address?.kind === 'range' && address.range.bits === (address.range.family === 4 ? 32 : 128)) ||
    (address?.kind === 'named' && address.name !== 'samenet' && !address.name.startsWith('.'))
  );
}
