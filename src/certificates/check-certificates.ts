// Checks that a text holds certificates in PEM (RFC 7468) and nothing broken; whether they are the right ones, TLS will tell.
import { splitCertificates } from './split-certificates.ts';

const MIDDLE_OF_LINE = /(?<!^|^\u{feff}|-----END CERTIFICATE-----)-----BEGIN CERTIFICATE/mu;

/** @returns what is wrong with the text; nothing when it may be used. */
export function checkCertificates(pem: string): readonly string[] {
  const certificates = splitCertificates(pem);
  const unreadable = certificates.flatMap((certificate, index) =>
    isCertificate(certificate)
      ? []
      : [`certificate ${index + 1} cannot be read; expected X.509 in PEM`],
  );
  const begun = pem.match(/-----BEGIN /g) ?? [];
  if (begun.length === certificates.length && begun.length > 0) {
    return unreadable;
  }
  // What does not count is never passed over in silence.
  if (MIDDLE_OF_LINE.test(pem)) {
    return ['a certificate that does not begin on a line of its own', ...unreadable];
  }
  return certificates.length === 0
    ? ['no certificate in PEM; expected -----BEGIN CERTIFICATE-----']
    : ['a PEM block that is no whole certificate; expected certificates only', ...unreadable];
}

function isCertificate(pem: string): boolean {
  // Loaded here: an entry without one has no use for it, and it takes longer to load than a decision to make.
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
