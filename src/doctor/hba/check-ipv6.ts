// Clients that come by IPv6: a line for 0.0.0.0/0 looks as if it were for everybody, and is for none of them.
import { fault, type Finding } from '../finding.ts';
import type { HBARule } from './parse-hba.ts';
import { lineFor, placeOf } from './place-of.ts';

/**
 * @param own lines of one service.
 * @param listenAddresses of the server; undefined where it was not asked.
 * @returns a note where all of IPv4 is let in and nothing of IPv6.
 */
export function checkIPv6(
  own: readonly HBARule[],
  listenAddresses: string | undefined,
): readonly Finding[] {
  const open = own.find(
    ({ address }) =>
      address?.kind === 'range' && address.range.family === 4 && address.range.bits === 0,
  );
  const isCovered = own.some(
    ({ address }) =>
      address?.kind === 'all' ||
      address?.kind === 'named' ||
      (address?.kind === 'range' && address.range.family === 6),
  );
  if (open === undefined || isCovered || !mayListenOnIPv6(listenAddresses)) {
    return [];
  }
  return [
    fault(
      'hba-ipv6',
      placeOf(open),
      'is for all of IPv4, and no line of this service for IPv6: a client that comes by IPv6 is refused, or goes by another line',
      `If there are such clients, write beside it:\n  ${lineFor('::/0', open)}`,
    ),
  ];
}

/** Whether clients of other hosts could come by IPv6. What is a name may be anything. */
function mayListenOnIPv6(addresses: string | undefined): boolean {
  return (
    addresses === undefined ||
    addresses
      .split(',')
      .map((address) => address.trim())
      .some((address) => !/^(?:|localhost|::1|[0-9.]+)$/.test(address))
  );
}
