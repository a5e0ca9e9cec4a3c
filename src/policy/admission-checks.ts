// Which logins an entry is for, whatever the token: by PAM service and by the client's address (`pam`).
import { isClientAddress, isInSources, parseSource } from '../values/parse-source.ts';
import type { IssuerConfiguration } from '../config/schema/schema.ts';
import { refuse } from '../errors.ts';
import { quote, quoteList } from '../quote.ts';
import type { Check } from '../verify/checks/check.ts';

/** By which way a login comes. */
export interface LoginOrigin {
  /** The PAM service (PAM_SERVICE). */
  readonly service: string;
  /** Where the client is (PAM_RHOST); undefined for a unix socket. */
  readonly source: string | undefined;
}

/** The demands of an entry's `pam`; none where it says nothing. */
export function admissionChecks(pam: IssuerConfiguration['pam']): Check<LoginOrigin>[] {
  return [
    ...(pam.services === undefined ? [] : [serviceCheck(pam.services)]),
    ...(pam.sources === undefined ? [] : [sourceCheck(pam.sources)]),
  ];
}

function serviceCheck(services: readonly string[]): Check<LoginOrigin> {
  const expected = `${services.length > 1 ? 'one of ' : ''}${quoteList(services)} (pam.services)`;
  return {
    name: 'service',
    expected,
    seen: ({ service }) => quote(service),
    refusal: ({ service }) =>
      services.includes(service)
        ? undefined
        : refuse(
            'ERR_SERVICE_NOT_PERMITTED',
            `PAM service ${quote(service)}; expected ${expected}`,
            'The line of pg_hba.conf (pamservice=), or a pooler in front, names the service: see which one the client meets.',
          ),
  };
}

function sourceCheck(texts: readonly string[]): Check<LoginOrigin> {
  const sources = texts.map(parseSource).filter((source) => typeof source !== 'string');
  const expected = `${texts.length > 1 ? 'one of ' : ''}${quoteList(texts)} (pam.sources)`;
  return {
    name: 'source',
    expected,
    seen: ({ source }) => describeSource(source),
    refusal: ({ source }) =>
      isInSources(source, sources)
        ? undefined
        : refuse(
            'ERR_SOURCE_NOT_PERMITTED',
            `the client comes from ${describeSource(source)}; expected ${expected}`,
            source === undefined || isClientAddress(source)
              ? 'Add the network of the client to pam.sources if it may log in from there.'
              : 'Take pam_use_hostname=1 out of pg_hba.conf: only addresses can be compared.',
          ),
  };
}

function describeSource(source: string | undefined): string {
  if (source === undefined) {
    return 'the unix socket';
  }
  return isClientAddress(source) ? quote(source) : `${quote(source)}, which is no IP address`;
}
