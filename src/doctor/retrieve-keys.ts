// Retrieves the keys of an issuer as a login would, and notes by the way what time the issuer has.
//
// The time comes from the headers of the very answers that brought the keys: no second request, and none that would have to
// know again about certificate authorities, proxies and credentials.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Issuer, RemoteKeySource } from '../authorize/policy.ts';
import { remoteKeysOf } from '../authorize/remote-keys.ts';
import type { Clock } from '../clock.ts';
import { urlOf } from '../issuers/fetch-key-set.ts';
import type { FetchResult } from '../keys/fetch-result.ts';

/** What came of asking an issuer. */
export interface Retrieval {
  readonly result: FetchResult;
  /** The issuer's clock minus ours in seconds, to a second or two; undefined when it told no time. */
  readonly clockOffset: number | undefined;
}

/** Retrieves keys, within the entry's `http.timeout`. Never rejects for what an issuer does. */
export type RetrieveKeys = (issuer: Issuer, source: RemoteKeySource) => Promise<Retrieval>;

const CHANNEL = 'undici:request:headers';

/** {@link RetrieveKeys} over the network. */
export function createRetrieveKeys(clock: Clock): RetrieveKeys {
  return async (issuer, source) => {
    const { location } = source;
    const url = urlOf(location);
    let clockOffset: number | undefined;
    const listen = (message: unknown): void => {
      const answer = readAnswer(message);
      if (answer !== undefined && answer.url === new URL(url).href) {
        // The header was cut to the whole second.
        clockOffset = answer.time + 0.5 - clock();
      }
    };
    subscribe(CHANNEL, listen);
    try {
      const result = await remoteKeysOf(issuer, source).fetch(undefined);
      return { result, clockOffset };
    } finally {
      unsubscribe(CHANNEL, listen);
    }
  };
}

/** Reads the library's message: whose answer, and at what time by its Date and Age headers (RFC 9110, RFC 9111). */
function readAnswer(message: unknown): { readonly url: string; readonly time: number } | undefined {
  const request = member(message, 'request');
  const [origin, path] = [member(request, 'origin'), member(request, 'path')];
  const headers = member(member(message, 'response'), 'headers');
  if (!Array.isArray(headers) || typeof path !== 'string') {
    return undefined;
  }
  const base = typeof origin === 'string' || origin instanceof URL ? String(origin) : '';
  const date = Date.parse(findHeader(headers, 'date') ?? '');
  const age = Number(findHeader(headers, 'age') ?? '0');
  return Number.isNaN(date) || Number.isNaN(age) || !URL.canParse(path, base)
    ? undefined
    : { url: new URL(path, base).href, time: date / 1000 + age };
}

/** @param headers name, value, name, value, as bytes or text. */
function findHeader(headers: readonly unknown[], name: string): string | undefined {
  const at = headers.findIndex(
    (header, index) => index % 2 === 0 && String(header).toLowerCase() === name,
  );
  return at === -1 ? undefined : String(headers[at + 1]);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
