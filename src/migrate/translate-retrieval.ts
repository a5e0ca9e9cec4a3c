// How keys are retrieved and kept: pam_oidc's http_proxy, cache_dir and cache_ttl.
import { quote } from '../quote.ts';
import { formatDuration } from '../values/units.ts';
import type { Report } from './findings.ts';
import type { OIDCOptions } from './parse-options.ts';

/**
 * Translates a proxy, which pam_oidc reads as Go's httpproxy does: without a scheme it is http.
 *
 * @returns an http:// URL without a user, or undefined when there is none.
 */
export function translateProxy(proxy: string, loss: Report, note: Report): string | undefined {
  if (proxy === '') {
    return undefined;
  }
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // What it says may be a password.
  if (url === undefined || url.hostname === '') {
    loss('http_proxy is no URL; expected http://host:port');
    return undefined;
  }
  if (url.protocol !== 'http:') {
    loss(
      `http_proxy has scheme ${quote(url.protocol)}; expected "http:", which is what proxyURL takes`,
    );
    return undefined;
  }
  if (url.username !== '' || url.password !== '') {
    loss('http_proxy has a user or a password; proxyURL takes none, and is written without');
  }
  note(
    'every retrieval goes through the proxy; pam_oidc leaves it out for this host, and for what NO_PROXY names',
  );
  return `http://${url.host}`;
}

/** The bounds of `cache.refreshInterval`, and the default of `cache.maxStale`, in seconds. */
const LEAST_INTERVAL = 1;
const MOST_INTERVAL = 7 * 86_400;
const DEFAULT_MAX_STALE = 86_400;

/** Translates how long keys are kept. */
export function translateCache(
  { cacheFolder, cacheTTL }: OIDCOptions,
  loss: Report,
  note: Report,
): { readonly refreshInterval: string; readonly maxStale?: string } | undefined {
  if (cacheFolder === '') {
    if (cacheTTL !== undefined) {
      note(`cache_ttl ${quote(cacheTTL.text)} says nothing without cache_dir, and is left out`);
    }
    return undefined;
  }
  loss(
    `cache_dir ${quote(cacheFolder)}: issuers.yaml names no folder for keys, and what is in this one cannot be used`,
    'The daemon keeps keys in /var/cache/pgtoken by itself; pgtoken serve --cache-dir names another folder.',
  );
  if (cacheTTL === undefined) {
    note(
      'keys are retrieved every 10 minutes (cache.refreshInterval); pam_oidc keeps them for 12 hours',
    );
    return undefined;
  }
  const { seconds, text } = cacheTTL;
  if (seconds < LEAST_INTERVAL || seconds > MOST_INTERVAL) {
    loss(`cache_ttl ${quote(text)} is out of range; cache.refreshInterval takes 1s to 7d`);
    return undefined;
  }
  const refreshInterval = formatDuration(seconds);
  if (seconds > DEFAULT_MAX_STALE) {
    return { refreshInterval, maxStale: refreshInterval };
  }
  note(
    'while the issuer does not answer, keys are used for up to 24 hours (cache.maxStale); pam_oidc stops at cache_ttl',
  );
  return { refreshInterval };
}
