// Certificate authorities whose time is over, or nearly: issuers.yaml stays valid, as another certificate beside them may
// count, but keys may not be had for long.
import { formatDay, quoteName } from '../certificates/describe-certificate.ts';
import { splitCertificates } from '../certificates/split-certificates.ts';
import type { Issuer } from '../policy/policy.ts';
import type { Warn } from './warn.ts';

const DAY = 86_400;

/** Certificates that expire within this time are told, in days. */
const SOON = 30;

/**
 * Warns of certificates of an entry that are out of date, or expire within 30 days.
 *
 * @param now Unix time in seconds.
 */
export function warnOfCertificates({ entry, keySource }: Issuer, now: number, warn: Warn): void {
  if (keySource.kind === 'pinned' || keySource.certificateAuthority === undefined) {
    return;
  }
  const isInline = entry.issuer.certificateAuthority !== undefined;
  const path = ['issuer', isInline ? 'certificateAuthority' : 'certificateAuthorityFile'];
  // Loaded here, as logins have no use for it.
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  for (const [index, pem] of splitCertificates(keySource.certificateAuthority).entries()) {
    const { validFromDate, validToDate, subject } = new X509Certificate(pem);
    const what = `certificate ${index + 1}, ${quoteName(subject)},`;
    const left = Math.floor((validToDate.getTime() / 1000 - now) / DAY);
    if (left < 0) {
      warn(
        path,
        `${what} expired on ${formatDay(validToDate)}: TLS trusts nothing by it`,
        "Put the authority's certificate of today in its place.",
      );
    } else if (left < SOON) {
      warn(
        path,
        `${what} expires on ${formatDay(validToDate)}, in ${left} ${left === 1 ? 'day' : 'days'}: TLS trusts nothing by it from then on`,
        "Add the authority's next certificate behind it now; both count.",
      );
    } else if (validFromDate.getTime() / 1000 > now) {
      warn(
        path,
        `${what} is not valid before ${formatDay(validFromDate)}: TLS trusts nothing by it until then`,
        'Keep the former certificate beside it, and check the clock of this host.',
      );
    }
  }
}
