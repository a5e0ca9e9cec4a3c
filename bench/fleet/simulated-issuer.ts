// An issuer without a network: answers what an issuer answers over HTTPS, after a while of a virtual clock, and counts who asks.
import type { JWK } from 'jose';
import type { HTTPAnswer, httpGetJSON } from '../../src/issuers/http-get.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** One issuer, and what it does at present. */
export interface SimulatedIssuer {
  readonly url: string;
  /** Answers a request for one of its addresses. */
  readonly get: typeof httpGetJSON;
  /** Publishes these keys from now on. */
  readonly publish: (keys: readonly JWK[]) => void;
  /** `refusing`: no connection is accepted. `hanging`: none is answered. */
  state: 'up' | 'refusing' | 'hanging';
  /** It answers so many requests in a second, and 429 to the others. */
  capacity: number;
  /** Seconds, as its Cache-Control has them; undefined where it sends none. */
  maxAge: number | undefined;
  /** Requests in each second since the start, those for the discovery document and those for keys; a second without any is a hole. */
  readonly requests: readonly number[];
}

/** Seconds that an answer takes, the handshake included: from the least to the most. */
const LATENCY = [0.02, 0.08] as const;

/** Creates an issuer that is up, has no keys yet, and answers all. */
export function createSimulatedIssuer(
  url: string,
  clock: VirtualClock,
  random: () => number,
): SimulatedIssuer {
  const requests: number[] = [];
  let keys: readonly JWK[] = [];
  let version = 0;

  const answer = (address: string, etag: string | undefined): HTTPAnswer => {
    const { maxAge } = issuer;
    if (address !== `${url}/keys`) {
      const document = { issuer: url, jwks_uri: `${url}/keys` };
      return { kind: 'document', document, etag: undefined, maxAge };
    }
    const current = `"${version}"`;
    return etag === current
      ? { kind: 'unchanged', maxAge }
      : { kind: 'document', document: { keys: structuredClone(keys) }, etag: current, maxAge };
  };

  const issuer: SimulatedIssuer = {
    url,
    state: 'up',
    capacity: Infinity,
    maxAge: undefined,
    requests,
    publish(published) {
      keys = published;
      version += 1;
    },
    async get(address, { signal, etag }) {
      const second = Math.floor(clock.now());
      const count = (requests[second] ?? 0) + 1;
      requests[second] = count;
      const [least, most] = LATENCY;
      await Promise.race([
        issuer.state === 'hanging'
          ? Promise.withResolvers<void>().promise
          : clock.pass(least + random() * (most - least)),
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            resolve();
          });
        }),
      ]);
      if (signal.aborted) return { kind: 'failed', reason: `${address}: no answer in time` };
      if (issuer.state === 'refusing') {
        return { kind: 'failed', reason: `${address}: connection refused` };
      }
      return count > issuer.capacity
        ? { kind: 'failed', reason: `${address} answered status 429; expected 200` }
        : answer(address, etag);
    },
  };
  return issuer;
}
