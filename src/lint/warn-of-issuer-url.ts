// An issuer.url that no token has as its iss: nobody would get in.
import type { IssuerConfiguration } from '../config/schema/schema.ts';
import { quote } from '../quote.ts';
import type { Warn } from './warn.ts';

/** Warns of the address of a document in place of the issuer. */
export function warnOfIssuerURL({ issuer }: IssuerConfiguration, warn: Warn): void {
  const ending = issuer.url?.match(/\/\.well-known(?:\/.*)?$/s)?.[0];
  if (ending !== undefined) {
    warn(
      ['issuer', 'url'],
      `it ends in ${quote(ending)}, as the iss of no token does: nobody could log in`,
      `Take ${quote(ending)} off: the iss of the tokens is what stands before it.`,
    );
  }
}
