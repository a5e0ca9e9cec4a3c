// Where a client's tokens come from: what every kind of source has in common.
import type { TokenResult } from './client-token.ts';

/** A source of tokens. It keeps none: that is for whoever follows it. */
export interface TokenSource {
  /** What it is called in the log. */
  readonly name: string;
  /** Gets the token that there is now. Ends when the signal says so; never rejects. */
  readonly get: (signal: AbortSignal) => Promise<TokenResult>;
  /** Of a source that has a new token when it likes: tells when there may be one. Others are asked before theirs expires. */
  readonly watch?: (watcher: SourceWatcher) => { readonly close: () => void };
}

/** Who watches a source. */
export interface SourceWatcher {
  readonly onChange: () => void;
  /** Told when changes cannot be told, and why. */
  readonly onBlind: (reason: string, hint: string) => void;
}
