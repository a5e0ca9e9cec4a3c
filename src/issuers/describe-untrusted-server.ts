// Why the certificate of a server is not trusted, as exactly as it can be said: which certificate it is that has expired, or
// which one is missing, and on whose side. For messages only: whether it is trusted, OpenSSL has decided.
import { X509Certificate } from 'node:crypto';
import { codeOf } from '../code-of.ts';
import { formatDay, quoteName } from '../certificates/describe-certificate.ts';
import type { FetchFailure } from '../keys/fetch-result.ts';
import { messageOf } from '../message-of.ts';
import { quote } from '../quote.ts';
import type { UntrustedServerError } from './connect.ts';
import { trustedCertificates } from './secure-contexts.ts';

/** No chain is longer. */
const MAX_LENGTH = 10;

/**
 * Describes why a server is not trusted.
 *
 * @param certificateAuthority PEM; undefined for the authorities of the system.
 */
export function describeUntrustedServer(
  { cause, presented }: UntrustedServerError,
  certificateAuthority: string | undefined,
): FetchFailure {
  const code = codeOf(cause) ?? 'no code';
  const sent = chainOf(presented);
  const trusted = trustedCertificates(certificateAuthority).flatMap(readCertificate);
  const isOwn = certificateAuthority !== undefined;
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        reason: `the server's certificate is not for this host name (${code}), but for ${quote(presented.subjectAltName ?? 'none')}`,
        hint: "Use a name that the issuer's certificate is for, or have it issued for this one.",
      };
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return describeDate(code, sent, trusted, isOwn);
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
      return describeStranger(code, sent, trusted, isOwn);
    default:
      return {
        reason: `the server's certificate is not trusted: ${messageOf(cause).replace(/;.*/s, '')} (${code})`,
        hint: 'Have the issuer use a certificate for servers, with keys and signatures of today.',
      };
  }
}

/** A certificate is too old or too young: the server's own, one that it sends along, or the authority on our side. */
function describeDate(
  code: string,
  sent: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  isOwn: boolean,
): FetchFailure {
  const isExpired = code === 'CERT_HAS_EXPIRED';
  const now = Date.now();
  const isOff = ({ validFromDate, validToDate }: X509Certificate): boolean =>
    isExpired ? validToDate.getTime() < now : validFromDate.getTime() > now;
  const when = ({ validFromDate, validToDate }: X509Certificate): string =>
    isExpired
      ? `expired on ${formatDay(validToDate)} (${code})`
      : `is not valid before ${formatDay(validFromDate)} (${code})`;
  const clock = isExpired ? '' : ' If it is not, the clock of this host is wrong.';

  const own = findAuthority(sent, trusted.filter(isOff));
  const [leaf] = sent;
  if (leaf !== undefined && isOff(leaf)) {
    return {
      reason: `the server's certificate ${when(leaf)}`,
      hint: isExpired
        ? 'Have the issuer renew its certificate; if it is good, the clock of this host is wrong.'
        : 'Set the clock of this host, if it is wrong; otherwise wait, or have the issuer use its former certificate.',
    };
  }
  if (own !== undefined) {
    return {
      reason: `${isOwn ? 'the certificateAuthority' : 'a certificate authority of this system'}, ${quoteName(own.subject)}, ${when(own)}; the server's own certificate is signed by it`,
      hint: isOwn
        ? `Put the issuer's authority of today into issuer.certificateAuthority.${clock}`
        : `Update the certificate authorities of this host (the package ca-certificates) and restart the daemon, or write the issuer's own in issuer.certificateAuthority.${clock}`,
    };
  }
  const other = sent.find(isOff);
  return {
    reason:
      other === undefined
        ? `a certificate between the server's own and its authority ${isExpired ? 'has expired' : 'is not valid yet'} (${code})`
        : `a certificate that the server sends along, ${quoteName(other.subject)}, ${when(other)}`,
    hint: `Have the issuer send the intermediate certificates of today.${clock}`,
  };
}

/** The authority among `candidates` that signed one of the certificates, or is one of them. */
function findAuthority(
  sent: readonly X509Certificate[],
  candidates: readonly X509Certificate[],
): X509Certificate | undefined {
  return candidates.find((authority) =>
    sent
      .slice(0, MAX_LENGTH)
      .some(
        (one, index) =>
          one.checkIssued(authority) ||
          (index > 0 && one.fingerprint256 === authority.fingerprint256),
      ),
  );
}

/** Nothing that is trusted has signed what the server sent. */
function describeStranger(
  code: string,
  sent: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  isOwn: boolean,
): FetchFailure {
  const ours = isOwn ? 'the certificateAuthority' : 'the certificate authorities of this system';
  const put = isOwn
    ? 'put it into issuer.certificateAuthority'
    : 'write it in issuer.certificateAuthority';
  const last = sent.at(-1);
  if (last === undefined) {
    return {
      reason: `the server's certificate is not signed by ${ours} (${code})`,
      hint: `Find the authority that signed it, and ${put}.`,
    };
  }
  const isWhole = last.subject === last.issuer;
  if (isWhole && sent.length === 1) {
    return {
      reason: `the server's certificate is signed by itself, and is not in ${ours} (${code})`,
      hint: `If it is the issuer's, ${put}.`,
    };
  }
  const signer = quoteName(last.issuer);
  if (trusted.some(({ subject }) => subject === last.issuer)) {
    return {
      reason: `the server's certificate is signed by another ${signer} than the one of that name in ${ours} (${code})`,
      hint: `The authority may have a new key: get its certificate of today, and ${put}.`,
    };
  }
  if (sent.length === 1) {
    return {
      reason: `the server's certificate is signed by ${signer}, which is not in ${ours}, and the server sends no certificate between the two (${code})`,
      hint: `Get the certificate of ${signer} and ${put}; if it is an intermediate, the server may send it along instead.`,
    };
  }
  return {
    reason: `the server's certificate is signed, over ${sent.length - 1} more that it sends, by ${signer}, which is not in ${ours} (${code})`,
    hint: `Find out whether ${signer} is the issuer's authority, and ${put} if so.`,
  };
}

/** What the server sent, its own certificate first. */
function chainOf(presented: X509Certificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: X509Certificate | undefined = presented;
  while (next !== undefined && chain.length < MAX_LENGTH) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function readCertificate(pem: string): X509Certificate[] {
  try {
    return [new X509Certificate(pem)];
  } catch {
    return [];
  }
}
