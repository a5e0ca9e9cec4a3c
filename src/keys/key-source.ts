// Where keys come from and whose word is taken for it, as one text: "ADDRESS by AUTHORITIES".
//
// Keys that were retrieved on the word of some authorities stay good when more are trusted, and when only comments of their
// file change: that is how authorities are rotated. They do not when one of these is trusted no longer.
import { splitCertificates } from '../certificates/split-certificates.ts';

const BY = ' by ';

/** @param certificateAuthority in PEM; undefined for the authorities of the system. */
export function formatKeySource(address: string, certificateAuthority: string | undefined): string {
  return `${address}${BY}${
    certificateAuthority === undefined
      ? 'the authorities of the system'
      : readAuthorities(certificateAuthority).toSorted().join('\n')
  }`;
}

/**
 * Whether keys that were retrieved from one source may be used for another: the same address, and every authority whose word
 * may have been taken is still trusted.
 *
 * @param wanted as `formatKeySource` writes it.
 */
export function servesSource(retrieved: string, wanted: string): boolean {
  const end = wanted.lastIndexOf(BY) + BY.length;
  const trusted = new Set(readAuthorities(wanted.slice(end)));
  return (
    retrieved.startsWith(wanted.slice(0, end)) &&
    readAuthorities(retrieved.slice(end)).every((authority) => trusted.has(authority))
  );
}

/** Each certificate once, without its line breaks; the text itself where it has none. */
function readAuthorities(text: string): readonly string[] {
  const certificates = splitCertificates(text).map((certificate) => {
    const [, content = ''] = /^-----BEGIN CERTIFICATE-----([^-]*)/.exec(certificate) ?? [];
    return `-----BEGIN CERTIFICATE-----${content.replaceAll(/\s/g, '')}-----END CERTIFICATE-----`;
  });
  return certificates.length === 0 ? [text] : [...new Set(certificates)];
}
