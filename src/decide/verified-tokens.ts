// Remembers tokens that were accepted, so that a pool of connections with one token costs one signature check and one
// look at its form.
//
// Only that is remembered: how the token reads, and which key verified it for which entry. Claims, times, roles and
// everything else are decided anew for each login. A signature counts only while the key that verified it is still among
// its issuer's; a reload starts with nothing. Tokens themselves are not kept, only their hash.
import { hash } from 'node:crypto';
import type { JWK } from 'jose';
import type { ParsedToken } from '../verify/parse-token.ts';

/** What is known of one token. */
export interface CachedToken {
  /** How it reads; undefined for a token that is not known. */
  readonly parsed: ParsedToken | undefined;
  /** The key that verified it for the entry, where that is one it would be tried with now, and it has not expired since. */
  verifiedBy(issuer: string, keys: readonly JWK[], now: number): JWK | undefined;
  /** Remembers how it reads and that the key verified it for the entry. */
  remember(issuer: string, parsed: ParsedToken, key: JWK): void;
}

/** A memory of tokens. */
export interface VerifiedTokens {
  /** Looks a token up, which makes it the one used last. */
  find(text: string): CachedToken;
  /** How many are remembered. */
  readonly size: number;
}

/** How much is remembered; what was used longest ago makes room. */
export interface Capacity {
  readonly tokens: number;
  /** Of the tokens together. In memory their claims take a few times as much. */
  readonly bytes: number;
}

interface Entry {
  /** Without its text. */
  readonly parsed: ParsedToken;
  readonly bytes: number;
  readonly exp: number;
  /** The key that verified it, by the name of the entry. */
  readonly keys: Map<string, string>;
}

/** Creates an empty memory. */
export function createVerifiedTokens(
  capacity: Capacity = { tokens: 1024, bytes: 2 * 1024 * 1024 },
): VerifiedTokens {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  const fingerprints = new WeakMap<JWK, string>();
  const fingerprintOf = (key: JWK): string => {
    const known = fingerprints.get(key) ?? JSON.stringify(key);
    fingerprints.set(key, known);
    return known;
  };
  const forget = (id: string): void => {
    bytes -= entries.get(id)?.bytes ?? 0;
    entries.delete(id);
  };
  const put = (id: string, entry: Entry): void => {
    forget(id);
    entries.set(id, entry);
    bytes += entry.bytes;
    for (const oldest of entries.keys()) {
      if (entries.size <= capacity.tokens && bytes <= capacity.bytes) {
        break;
      }
      forget(oldest);
    }
  };

  return {
    find(text) {
      const id = hash('sha256', text, 'base64');
      const found = entries.get(id);
      if (found !== undefined) {
        // Taken out and put back, it is the one used last.
        entries.delete(id);
        entries.set(id, found);
      }
      return {
        parsed: found && { ...found.parsed, text },
        verifiedBy(issuer, keys, now) {
          const key = entries.get(id)?.keys.get(issuer);
          if (key === undefined) {
            return undefined;
          }
          if (found === undefined || now >= found.exp) {
            forget(id);
            return undefined;
          }
          const verifier = keys.find((candidate) => fingerprintOf(candidate) === key);
          if (verifier === undefined) {
            found.keys.delete(issuer);
          }
          return verifier;
        },
        remember(issuer, token, key) {
          const { exp } = token.claims;
          if (typeof exp !== 'number') {
            return;
          }
          // Another login with the same token may have come first.
          const keys = entries.get(id)?.keys ?? new Map<string, string>();
          keys.set(issuer, fingerprintOf(key));
          put(id, { parsed: { ...token, text: '' }, bytes: text.length, exp, keys });
        },
      };
    },
    get size() {
      return entries.size;
    },
  };
}
