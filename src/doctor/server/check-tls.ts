// Whether the server encrypts at all. Without, it uses no hostssl line, and every password comes in clear text.
import { fault, type Finding } from '../finding.ts';
import { isLoopback } from '../hba/hba-coverage.ts';
import { placeOf } from '../hba/place-of.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import type { ServerSettings } from './settings.ts';

/**
 * @param shown the connection to the server.
 * @param own lines that use pgtoken.
 */
export function checkTLS(
  shown: string,
  { hasTLS }: Pick<ServerSettings, 'hasTLS'>,
  own: readonly HBARule[],
): readonly Finding[] {
  const unused = own.find(({ type }) => type === 'hostssl');
  const open = own.find((rule) => rule.type !== 'local' && !isLoopback(rule));
  const effect =
    unused !== undefined
      ? `PostgreSQL never uses ${placeOf(unused)}, which is for encrypted connections`
      : open !== undefined
        ? `tokens come in clear text by ${placeOf(open)}`
        : undefined;
  return hasTLS || effect === undefined
    ? []
    : [
        fault(
          'server-tls',
          shown,
          `ssl is off: ${effect}`,
          'Set ssl_cert_file and ssl_key_file, then run:\n  ALTER SYSTEM SET ssl = on;\n  SELECT pg_reload_conf();',
        ),
      ];
}
