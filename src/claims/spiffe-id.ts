// SPIFFE IDs (SPIFFE-ID section 2): the only names that a trust domain's tokens may have.

const ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)*)$/;

/** Whether a text is the name of a trust domain (section 2.1). */
export function isTrustDomain(text: string): boolean {
  return /^[a-z0-9._-]{1,255}$/.test(text);
}

/**
 * The trust domain that a subject claims to be of, whether or not the rest of it is a SPIFFE ID.
 *
 * @returns undefined for a subject that is no SPIFFE URI at all.
 */
export function trustDomainOf(subject: unknown): string | undefined {
  return typeof subject === 'string' ? /^spiffe:\/\/([^/]{1,255})/.exec(subject)?.[1] : undefined;
}

/** Whether a subject is a SPIFFE ID of a trust domain: no port, no query, no escapes, no empty or dotted segments. */
export function isSPIFFEID(subject: string, trustDomain: string): boolean {
  const [, domain, path = ''] = ID.exec(subject) ?? [];
  return (
    domain === trustDomain &&
    !path.split('/').some((segment) => segment === '.' || segment === '..')
  );
}
