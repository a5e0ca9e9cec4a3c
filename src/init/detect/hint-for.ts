// What to do about an issuer that could not be asked, for somebody who has options of `pgtoken init` and no issuers.yaml yet.

/** @param reason as it is told. */
export function hintFor(reason: string): string {
  const offline = 'With --offline nobody is asked, and doctor tells later.';
  if (/certificate is (?:not signed|signed|not trusted)/.test(reason)) {
    return `Give the certificate authority of the issuer's server: --certificate-authority FILE. ${offline}`;
  }
  if (/ answered 4\d\d/.test(reason)) {
    return `Compare --url with iss of a token: it is what stands in front of /.well-known/openid-configuration, with its whole path. ${offline}`;
  }
  if (/ answered [35]\d\d/.test(reason)) {
    return `Look at what the issuer answers there (curl -v), and give the --url that answers itself. ${offline}`;
  }
  return `Check --url, and the way to it from this host (curl -v). ${offline}`;
}
