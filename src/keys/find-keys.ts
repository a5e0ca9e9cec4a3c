// Chooses the keys of a set that may have signed a token.
import type { JWK } from 'jose';
import { type Algorithm, SIGNATURE_BYTES } from '../values/algorithms.ts';
import { isRefusal, refuse, type Refusal } from '../errors.ts';
import { quote } from '../quote.ts';
import { algorithmsOf } from './formats/algorithms-of.ts';
import type { KeySet } from './formats/parse-key-set.ts';

/** What a token says about the key that signed it; unverified, and only ever used to choose among the issuer's keys. */
export interface WantedKey {
  readonly keyID: string | undefined;
  readonly algorithm: Algorithm;
  /**
   * Keys that fit and do not verify the token. The issuer may have replaced them under the same name, or without one: what is
   * wanted is any other key.
   */
  readonly failed?: readonly JWK[] | undefined;
}

/** Never more signature checks than this for one token; so many keys without `kid` are tried of those that fit it. */
export const MAX_CANDIDATES = 4;

const SIGN_OTHERWISE = 'Ask whoever runs the issuer to sign its tokens with another key.';

/**
 * Finds the keys to try: those of the token's `kid`, else those that have no `kid`. A token without `kid` is only
 * verified where there is no choice: by the one key that fits, or by keys none of which has a name to choose by.
 *
 * @param wanted with the length of the token's signature in bytes, where that may say more about what is wrong.
 * @returns one to four keys, each fit for the token's algorithm, or `ERR_KEY_UNKNOWN`.
 */
export function findKeys(
  keySet: KeySet,
  wanted: WantedKey & { readonly signatureBytes?: number },
): readonly JWK[] | Refusal {
  const { keyID, algorithm } = wanted;
  const fitting = keySet.keys.filter((key) => algorithmsOf(key).includes(algorithm));
  if (keyID === undefined) {
    return fitting.length === 1 ||
      (fitting.length > 0 && fitting.every((key) => key.kid === undefined))
      ? fitting.slice(0, MAX_CANDIDATES)
      : refuse(
          'ERR_KEY_UNKNOWN',
          `the token names no key (kid), and ${fitting.length} keys of the issuer fit its alg ${algorithm}; expected a kid${fitting.length === 0 ? explainLeftOut(keySet) : ''}`,
        );
  }
  const named = fitting.filter((key) => key.kid === keyID);
  const found = named.length > 0 ? named : fitting.filter((key) => key.kid === undefined);
  return found.length > 0
    ? found.slice(0, MAX_CANDIDATES)
    : refuseNamed(keySet, keyID, algorithm, wanted.signatureBytes);
}

/**
 * Whether a set has nothing to try: no key that fits, or only those that have failed. Then it may be worth a look at what the
 * issuer publishes by now.
 */
export function lacksKey(keySet: KeySet, wanted: WantedKey): boolean {
  const found = findKeys(keySet, wanted);
  const { failed = [] } = wanted;
  return isRefusal(found) || found.every((key) => failed.some((one) => isSameJWK(one, key)));
}

/** Whether two keys read the same. Each has its members in the order of its kind. */
function isSameJWK(a: JWK, b: JWK): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Why no key has the name that the token gives. */
function refuseNamed(
  keySet: KeySet,
  keyID: string,
  algorithm: Algorithm,
  signatureBytes: number | undefined,
): Refusal {
  const otherKind = keySet.keys.find((key) => key.kid === keyID);
  if (otherKind !== undefined) {
    return refuse(
      'ERR_KEY_UNKNOWN',
      `the key with kid ${quote(keyID)} is for ${algorithmsOf(otherKind).join(', ')}; the token's alg is ${algorithm}`,
    );
  }
  const leftOut = keySet.leftOut?.find(({ kid }) => kid === keyID);
  if (leftOut !== undefined) {
    return refuse(
      'ERR_KEY_UNKNOWN',
      `the issuer's key with kid ${quote(keyID)} cannot be used: it ${leftOut.reason}`,
      SIGN_OTHERWISE,
    );
  }
  const short = explainShortSignature(algorithm, signatureBytes);
  return refuse(
    'ERR_KEY_UNKNOWN',
    `${
      keySet.keys.length === 1
        ? `the issuer has one key, whose kid is not ${quote(keyID)}`
        : `the issuer has ${keySet.keys.length} keys, none with kid ${quote(keyID)}`
    }${explainLeftOut(keySet)}${short}`,
    'The token may come from another cluster with the same issuer URL, or be signed by a key that is no longer published.',
  );
}

/** What is published without a name and not used may be the key that is wanted. */
function explainLeftOut({ leftOut = [] }: KeySet): string {
  const nameless = leftOut.find(({ kid }) => kid === undefined);
  return nameless === undefined
    ? ''
    : `; one that it publishes without kid cannot be used: it ${nameless.reason}`;
}

/** An RSA signature that is too short for any key that is accepted: by a key that is not, or cut on its way. */
function explainShortSignature(algorithm: Algorithm, bytes: number | undefined): string {
  return bytes === undefined || bytes >= SIGNATURE_BYTES[algorithm].least
    ? ''
    : `; its signature has ${bytes} bytes, as of an RSA key of ${bytes * 8} bits, or it was cut on its way`;
}
