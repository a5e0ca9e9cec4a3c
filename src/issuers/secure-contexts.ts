// What TLS needs to know of certificate authorities, made once for each set of them: reading the hundred and more of a
// system takes longer than all the rest of a connection, on the thread that decides logins.
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { splitCertificates } from '../certificates/split-certificates.ts';

/** Gives the same context for the same authorities: PEM, or undefined for those of the system. */
export type SecureContexts = (certificateAuthority: string | undefined) => SecureContext;

/** Authorities of this many entries and former entries are kept. */
const MOST = 64;

/** Creates {@link SecureContexts} that have none yet. */
export function createSecureContexts(): SecureContexts {
  const made = new Map<string | undefined, SecureContext>();
  return (certificateAuthority) => {
    const context = made.get(certificateAuthority) ?? create(certificateAuthority);
    // What was asked for last is at the end, what nobody has asked for longest in front.
    made.delete(certificateAuthority);
    made.set(certificateAuthority, context);
    for (const [oldest] of made) {
      if (made.size > MOST) {
        made.delete(oldest);
      }
    }
    return context;
  };
}

/**
 * The certificates that TLS trusts: those of an entry, or of the system, each once.
 *
 * @returns PEM. Node reads the authorities of the system once for each process.
 */
export function trustedCertificates(certificateAuthority: string | undefined): readonly string[] {
  return certificateAuthority === undefined
    ? [...new Set(getCACertificates('system'))]
    : splitCertificates(certificateAuthority);
}

function create(certificateAuthority: string | undefined): SecureContext {
  return createSecureContext({
    ca: [...trustedCertificates(certificateAuthority)],
    // An intermediate that the administrator wrote is as good as its root, as in Go and so in Kubernetes.
    allowPartialTrustChain: certificateAuthority !== undefined,
    minVersion: 'TLSv1.2',
  });
}
