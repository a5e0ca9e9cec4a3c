// Retrieves the keys of an issuer as a login would, and notes by the way what time the issuer has.
//
// The time comes from the headers of the very answers that brought the keys: no second request, and none that would have to
// know again about certificate authorities, proxies and credentials.
import type { IncomingHttpHeaders } from 'node:http';
import type { Issuer, RemoteKeySource } from '../../policy/policy.ts';
import { remoteKeysOf } from '../../issuer-keys/remote-keys.ts';
import type { Clock } from '../../clock.ts';
import { fetchKeySet, urlOf } from '../../issuers/fetch-key-set.ts';
import type { FetchResult } from '../../keys/fetch-result.ts';

/** What came of asking an issuer. */
export interface Retrieval {
  readonly result: FetchResult;
  /** The issuer's clock minus ours in seconds, to a second or two; undefined when it told no time. */
  readonly clockOffset: number | undefined;
}

/** Retrieves keys, within the entry's `http.timeout`. Never rejects for what an issuer does. */
export type FetchKeys = (issuer: Issuer, source: RemoteKeySource) => Promise<Retrieval>;

/** {@link FetchKeys} over the network. */
export function createFetchKeys(clock: Clock, fetchKeys = fetchKeySet): FetchKeys {
  return async (issuer, source) => {
    let clockOffset: number | undefined;
    const onAnswer = (url: string, headers: IncomingHttpHeaders): void => {
      const time = timeOf(headers);
      if (url === urlOf(source.location) && time !== undefined) {
        // The header was cut to the whole second.
        clockOffset = time + 0.5 - clock();
      }
    };
    const { fetch } = remoteKeysOf(issuer, source, async (location, options) =>
      fetchKeys(location, { ...options, onAnswer }),
    );
    return { result: await fetch(undefined), clockOffset };
  };
}

/** The time of an answer by its Date and Age headers (RFC 9110, RFC 9111), Unix time in seconds. */
function timeOf({ date = '', age = '0' }: IncomingHttpHeaders): number | undefined {
  const time = Date.parse(date) / 1000 + Number(age);
  return Number.isNaN(time) ? undefined : time;
}
