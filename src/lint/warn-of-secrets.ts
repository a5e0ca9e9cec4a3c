// Secrets in addresses. Key sets are public, and issuers.yaml is not kept secret: the addresses in it are in messages and in logs.
import type { IssuerConfiguration } from '../config/schema/schema.ts';
import { quote } from '../quote.ts';
import type { Warn } from './warn.ts';

/** Names of parameters that have one. */
const SECRET = /secret|passw|token|api[-_]?key|credential|signature/i;

/** Warns of each address of an entry whose query has one. */
export function warnOfSecrets({ issuer, keys }: IssuerConfiguration, warn: Warn): void {
  const addresses = [
    { path: ['issuer', 'discoveryURL'], url: issuer.discoveryURL },
    { path: ['keys', 'jwksURI'], url: keys?.jwksURI },
  ];
  for (const { path, url } of addresses) {
    const query = url?.split('?')[1];
    const name = [...new URLSearchParams(query).keys()].find((one) => SECRET.test(one));
    if (name !== undefined) {
      warn(
        path,
        `the parameter ${quote(name)} reads like a secret, and this address is in messages and in logs`,
        'Leave it out: an issuer publishes its keys to everybody.',
      );
    }
  }
}
