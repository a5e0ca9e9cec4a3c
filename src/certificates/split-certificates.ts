// The certificates of a PEM text (RFC 7468), one by one: what is checked of them is what TLS gets.
//
// OpenSSL would read the whole text up to the first thing that it does not understand, such as two certificates without a
// line break between them, and say nothing of the rest. That slip is read here as what it means. A BEGIN line with anything
// else in front is no certificate: somebody may have put a sign there to be rid of it.

const BLOCK =
  /(?<=^|^\u{feff}|-----END CERTIFICATE-----)-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/gmu;

/** @returns each certificate of the text as PEM of its own, unread; what stands around them is left out. */
export function splitCertificates(pem: string): readonly string[] {
  return pem.match(BLOCK) ?? [];
}
