// Checks that a text holds certificates in PEM (RFC 7468) and nothing broken; whether they are the right ones, TLS will tell.

/** @returns what is wrong with the text; nothing when it may be used. */
export function checkCertificates(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = pem.match(/-----BEGIN /g) ?? [];
  const unreadable = blocks.flatMap((block, index) =>
    isCertificate(block) ? [] : [`certificate ${index + 1} cannot be read; expected X.509 in PEM`],
  );
  if (blocks.length === 0) {
    return ['no certificate in PEM; expected -----BEGIN CERTIFICATE-----'];
  }
  return begun.length === blocks.length
    ? unreadable
    : // TLS would pass over it in silence, and over what stands behind it.
      ['a PEM block that is no whole certificate; expected certificates only', ...unreadable];
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
