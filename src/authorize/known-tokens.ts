// Remembers which tokens have been verified with which key, so that a pool of connections with one token costs one
// signature check.
//
// Only that is remembered: claims, times, roles and everything else are decided anew for each login. A signature
// counts only while the key that verified it is still among its issuer's; a reload starts with nothing.
import { createHash } from 'node:crypto';
import type { JWK } from 'jose';

/** A token that was, or is to be, verified for an entry. */
export interface SignedToken {
  /** The entry's name. */
  readonly issuer: string;
  readonly text: string;
  /** Its `exp`, Unix time in seconds; what has none is not remembered. */
  readonly exp: unknown;
}

/** Tokens known to be signed by a key. */
export interface VerifiedSignatures {
  /** Whether the token was verified with one of the keys it would be tried with now, and has not expired since. */
  has(token: SignedToken, keys: readonly JWK[], now: number): boolean;
  /** Remembers that the key verified the token. */
  add(token: SignedToken, key: JWK): void;
  /** How many are remembered. */
  readonly size: number;
}

/** Creates an empty memory for at most `capacity` tokens; the one used longest ago makes room. */
export function createVerifiedSignatures(capacity = 4096): VerifiedSignatures {
  const remembered = new Map<string, { readonly key: string; readonly exp: number }>();
  const fingerprints = new WeakMap<JWK, string>();
  const fingerprintOf = (key: JWK): string => {
    const known = fingerprints.get(key) ?? JSON.stringify(key);
    fingerprints.set(key, known);
    return known;
  };
  return {
    has(token, keys, now) {
      const id = identify(token);
      const found = remembered.get(id);
      if (found === undefined) {
        return false;
      }
      // Taken out in any case: put back, it is the one used last.
      remembered.delete(id);
      if (now >= found.exp || !keys.some((key) => fingerprintOf(key) === found.key)) {
        return false;
      }
      remembered.set(id, found);
      return true;
    },
    add(token, key) {
      if (typeof token.exp !== 'number') {
        return;
      }
      remembered.set(identify(token), { key: fingerprintOf(key), exp: token.exp });
      for (const oldest of remembered.keys()) {
        if (remembered.size <= capacity) {
          break;
        }
        remembered.delete(oldest);
      }
    },
    get size() {
      return remembered.size;
    },
  };
}

/** Tokens themselves are not kept. An entry's name has no NUL, so that no two pairs look alike. */
function identify(token: SignedToken): string {
  return createHash('sha256').update(`${token.issuer}\0${token.text}`).digest('base64');
}
