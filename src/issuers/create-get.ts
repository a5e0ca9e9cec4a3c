// What all requests of one retrieval have in common, the time that they may take among it.
import type { HTTPAnswer, HTTPGetOptions, httpGetJSON } from './http-get.ts';
import type { LookUp } from './look-up.ts';
import type { SecureContexts } from './secure-contexts.ts';

/** Limits and trust of a retrieval. */
export interface RetrievalOptions {
  /** The certificate authority in PEM; default: those of the system. */
  readonly certificateAuthority?: string | undefined;
  /** The HTTP proxy; default: none. */
  readonly proxyURL?: string | undefined;
  /** Time for the whole retrieval, discovery included, in seconds. */
  readonly timeout: number;
  /** The longest answer in bytes; default 1 MiB. */
  readonly maxResponseBytes?: number | undefined;
  /** Where what is made of certificate authorities is kept for the next retrieval; default: nowhere. */
  readonly secureContexts?: SecureContexts | undefined;
  /** How names are looked up; default: as the C library does. */
  readonly lookUp?: LookUp | undefined;
  /** Told the headers of each answer; default: nobody. */
  readonly onAnswer?: HTTPGetOptions['onAnswer'];
  /** How one address is asked; default: over HTTPS. */
  readonly httpGet?: typeof httpGetJSON | undefined;
}

/** One request of a retrieval. */
export type Get = (
  url: string,
  options?: Pick<HTTPGetOptions, 'bearerToken' | 'etag'>,
) => Promise<HTTPAnswer>;

/** The time of a retrieval runs from here on. */
export async function createGet(options: RetrievalOptions): Promise<Get> {
  // Loaded here, as most logins need no network.
  const httpGet = options.httpGet ?? (await import('./http-get.ts')).httpGetJSON;
  const { createLookUp, rememberLookUps } = await import('./look-up.ts');
  const { createSecureContexts } = await import('./secure-contexts.ts');
  const limits = {
    certificateAuthority: options.certificateAuthority,
    secureContexts: options.secureContexts ?? createSecureContexts(),
    proxyURL: options.proxyURL,
    lookUp: rememberLookUps(options.lookUp ?? createLookUp()),
    onAnswer: options.onAnswer,
    signal: AbortSignal.timeout(Math.max(1, options.timeout * 1000)),
    maxResponseBytes: options.maxResponseBytes ?? 1024 * 1024,
  };
  return async (url, more) => httpGet(url, { ...limits, ...more });
}
