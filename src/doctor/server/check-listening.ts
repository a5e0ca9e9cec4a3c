// Where the server listens. Debian's does so for this host alone until it is told otherwise, and then no line for other hosts is
// of any use.
import { fault, type Finding } from '../finding.ts';
import { isLoopback } from '../hba/hba-coverage.ts';
import { placeOf } from '../hba/place-of.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import type { ServerSettings } from './settings.ts';

/**
 * @param shown the connection to the server.
 * @param own lines that use pgtoken.
 */
export function checkListening(
  shown: string,
  { listenAddresses, pending }: ServerSettings,
  own: readonly HBARule[],
): readonly Finding[] {
  const line = own.find((rule) => rule.type !== 'local' && !isLoopback(rule));
  if (line === undefined || !isOfThisHost(listenAddresses)) {
    return [];
  }
  const isPending = pending.includes('listen_addresses');
  return [
    fault(
      'server-listening',
      shown,
      `listen_addresses is "${listenAddresses}"${isPending ? ' until a restart' : ''}: no client of another host gets here, and ${placeOf(line)} is for such clients`,
      isPending
        ? 'Restart PostgreSQL.'
        : "Run:\n  ALTER SYSTEM SET listen_addresses = '*'\nThen restart PostgreSQL. If only programs of this host are to log in, write 127.0.0.1/32 and ::1/128 in the line.",
    ),
  ];
}

function isOfThisHost(listenAddresses: string): boolean {
  return listenAddresses
    .split(',')
    .every((address) => /^(?:|localhost|127(?:\.[0-9]+){3}|::1)$/.test(address.trim()));
}
