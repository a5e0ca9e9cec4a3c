// The API server of an entry's `review`, with all that is needed to ask it.

/** The API server that an entry's tokens are reviewed by. */
export interface ReviewSource {
  /** Its address, without a slash at the end. */
  readonly url: string;
  /** In PEM; undefined for those of the system. */
  readonly certificateAuthority: string | undefined;
  readonly proxyURL: string | undefined;
  /** A file with the token to ask with. */
  readonly bearerTokenFile: string;
  readonly audiences: readonly string[];
  /** Seconds for which a yes counts again. */
  readonly cacheFor: number;
  /** Seconds for an answer. */
  readonly timeout: number;
}
