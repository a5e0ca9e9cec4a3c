// The certificate that the server shows. Clients that do not verify it hand their token to whoever answers under the name, and
// those that do refuse one that has expired, or that nobody has signed but itself.
import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { formatDay } from '../../certificates/describe-certificate.ts';
import { fault, ok, type Finding } from '../finding.ts';
import { isLoopback } from '../hba/hba-coverage.ts';
import type { HBARule } from '../hba/parse-hba.ts';
import type { Host } from '../host/host.ts';
import type { ServerSettings } from './settings.ts';

/** What Debian's package ssl-cert makes for each host, and its servers begin with. */
const PLACEHOLDER = /(?:^|\/)ssl-cert-snakeoil\.pem$/;
const REPLACE =
  'Put a certificate for the name of this server into ssl_cert_file, from an authority that clients trust, and its key into ssl_key_file; then run:\n  SELECT pg_reload_conf()';

/**
 * Looks at the file as it is now; the server has it from when it last read its configuration.
 *
 * @param own lines that use pgtoken.
 */
export function checkCertificate(
  { hasTLS, certificateFile, dataFolder }: ServerSettings,
  own: readonly HBARule[],
  { files, clock }: Pick<Host, 'files' | 'clock'>,
): readonly Finding[] {
  const isShown = own.some((rule) => rule.type !== 'local' && !isLoopback(rule));
  if (!hasTLS || !isShown || certificateFile === '') {
    return [];
  }
  const path = resolve(dataFolder ?? '/', certificateFile);
  const text = files.readText(path);
  const certificate = text.ok ? parse(text.value) : undefined;
  if (certificate === undefined) {
    // Of a server elsewhere, or not for this user to read. What is wrong with it keeps the server from starting.
    return [];
  }
  const now = clock();
  const [from, until] = [certificate.validFromDate, certificate.validToDate];
  if (until.getTime() / 1000 < now || from.getTime() / 1000 > now) {
    return [
      fault(
        'server-certificate-date',
        path,
        `the server's certificate is valid from ${formatDay(from)} to ${formatDay(until)}: clients with sslmode=verify-full refuse it`,
        REPLACE,
      ),
    ];
  }
  return PLACEHOLDER.test(path)
    ? [
        fault(
          'server-certificate-placeholder',
          path,
          "the server's certificate is the placeholder that Debian makes for each host, signed by nobody else: a client can verify it only with a copy of it, and one that does not verify it sends its token to whoever answers",
          REPLACE,
        ),
      ]
    : [ok('server', path, `certificate for ${subjectOf(certificate)}, until ${formatDay(until)}`)];
}

function parse(text: string): X509Certificate | undefined {
  try {
    // The first one is the server's own.
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

/** The names that clients compare with. */
function subjectOf({ subjectAltName, subject }: X509Certificate): string {
  return (subjectAltName ?? subject).replaceAll('\n', ', ').slice(0, 200);
}
