// What came of asking an issuer for its keys. Made by issuers/, used by whoever keeps keys.
import type { KeySet } from './formats/parse-key-set.ts';

/** Why there are no keys to be had. */
export interface FetchFailure {
  /** In a few words. */
  readonly reason: string;
  /** What to do about it, a whole sentence; where it is missing, all that can be said is {@link CHECK_THE_WAY}. */
  readonly hint?: string | undefined;
  /** Whether the certificate that the server shows is not trusted. */
  readonly untrusted?: true;
}

/** What to do about a failure of which nothing else is known. */
export const CHECK_THE_WAY =
  'Check that this host reaches the issuer, and issuer.certificateAuthority.';

/** The outcome of one retrieval. */
export type FetchResult =
  | {
      readonly kind: 'keys';
      readonly keySet: KeySet;
      /**
       * For the next retrieval: the entity tag of the key set (RFC 9110 section 8.8.3) behind the address that gave it.
       * Means something to `issuers/` alone.
       */
      readonly etag: string | undefined;
      /** How long the issuer allows the keys to be kept (Cache-Control max-age), in seconds. */
      readonly maxAge: number | undefined;
    }
  /** The key set is still the one of the entity tag that was sent. */
  | { readonly kind: 'unchanged'; readonly maxAge: number | undefined }
  | (FetchFailure & {
      readonly kind: 'failed';
      /** Whether it is the issuer's own word that it has none: those of before are withdrawn then. */
      readonly withdrawn?: true;
      /** Whether the issuer answered 401 or 403: it is there, and does not give its keys to us (any more). */
      readonly unauthorized?: true;
    });

/** Retrieves the keys of one issuer entry; `etag` is that of the keys at hand. Never throws for what an issuer does. */
export type FetchKeySet = (etag: string | undefined) => Promise<FetchResult>;
