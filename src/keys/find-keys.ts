// Chooses the keys of a set that may have signed a token.
import type { JWK } from 'jose';
import type { Algorithm } from '../config/algorithms.ts';
import { refuse, type Refusal } from '../errors.ts';
import { quote } from '../quote.ts';
import { algorithmsOf, type KeySet } from './parse-key-set.ts';

/** What a token says about the key that signed it; unverified, and only ever used to choose among the issuer's keys. */
export interface WantedKey {
  readonly keyID: string | undefined;
  readonly algorithm: Algorithm;
}

/** Never more signature checks than this for one token; so many keys without `kid` are tried of those that fit it. */
export const MAX_CANDIDATES = 4;

/**
 * Finds the keys to try: those of the token's `kid`, else those that have no `kid`. A token without `kid` is only
 * verified where there is no choice: by the one key that fits, or by keys none of which has a name to choose by.
 *
 * @returns one to four keys, each fit for the token's algorithm, or `ERR_KEY_UNKNOWN`.
 */
export function findKeys(keySet: KeySet, wanted: WantedKey): readonly JWK[] | Refusal {
  const { keyID, algorithm } = wanted;
  const fitting = keySet.keys.filter((key) => algorithmsOf(key).includes(algorithm));
  if (keyID === undefined) {
    return fitting.length === 1 ||
      (fitting.length > 0 && fitting.every((key) => key.kid === undefined))
      ? fitting.slice(0, MAX_CANDIDATES)
      : refuse(
          'ERR_KEY_UNKNOWN',
          `the token names no key (kid), and ${fitting.length} keys of the issuer fit its alg ${algorithm}; expected a kid`,
        );
  }
  const named = fitting.filter((key) => key.kid === keyID);
  const found = named.length > 0 ? named : fitting.filter((key) => key.kid === undefined);
  if (found.length > 0) {
    return found.slice(0, MAX_CANDIDATES);
  }
  const otherKind = keySet.keys.find((key) => key.kid === keyID);
  return otherKind === undefined
    ? refuse(
        'ERR_KEY_UNKNOWN',
        keySet.keys.length === 1
          ? `kid ${quote(keyID)} is not that of the issuer's only key`
          : `kid ${quote(keyID)} is none of the issuer's ${keySet.keys.length} keys`,
        'The token may come from another cluster with the same issuer URL, or be signed by a key that is no longer published.',
      )
    : refuse(
        'ERR_KEY_UNKNOWN',
        `the key with kid ${quote(keyID)} is for ${algorithmsOf(otherKind).join(', ')}; the token's alg is ${algorithm}`,
      );
}
