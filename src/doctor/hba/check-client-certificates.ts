// A line that wants a certificate of the client, on a server that knows no authority to check it by: PostgreSQL accepts the
// line, and refuses every login by it.
import { fault, type Finding } from '../finding.ts';
import type { HBARule } from './parse-hba.ts';
import type { ServerSettings } from '../server/settings.ts';
import { placeOf } from './place-of.ts';

/** @param settings undefined where the server was not asked. */
export function checkClientCertificates(
  rule: HBARule,
  settings: Pick<ServerSettings, 'clientAuthorityFile'> | undefined,
): readonly Finding[] {
  const option = rule.options.find(([name]) => name === 'clientcert');
  return option !== undefined && settings?.clientAuthorityFile === ''
    ? [
        fault(
          'hba-client-certificate',
          placeOf(rule),
          `clientcert=${option[1]}, and ssl_ca_file is not set: PostgreSQL refuses every login by this line`,
          "Name the authority that signs the clients' certificates:\n  ALTER SYSTEM SET ssl_ca_file = '/path/to/ca.pem';\n  SELECT pg_reload_conf();",
        ),
      ]
    : [];
}
