// From a JWKS document (RFC 7517) to the keys that may verify a signature.
//
// What comes from an issuer is used as far as it is sound: keys of a kind we do not know are left out, as an issuer may
// publish them for others; keys that should not have been published are left out too. A pinned file is held to more: there
// every key that would be left out is a problem.
import type { JWK } from 'jose';
import type { JSONObject } from '../../parse-json-object.ts';
import { keyIDOf, parseKey } from './parse-key.ts';

/** A set of public signature keys, each fit for at least one supported algorithm. */
export interface KeySet {
  readonly keys: readonly JWK[];
  /** What was published beside them and is not used, the first few; so that a token that names it can be told why. */
  readonly leftOut?: readonly LeftOutKey[];
}

/** A key that is published and not used. */
export interface LeftOutKey {
  /** Its `kid`, when it has one. */
  readonly kid?: string | undefined;
  /** Why: the rest of a sentence whose subject is the key, in printable ASCII. */
  readonly reason: string;
}

/** A key that is left out, with its place in the document. */
export interface RejectedKey extends LeftOutKey {
  readonly index: number;
}

/** The usable keys of a document. */
export interface ParsedKeySet {
  readonly keySet: KeySet;
  readonly rejected: readonly RejectedKey[];
}

/** More keys than this in one document are refused. */
const MAX_KEYS = 200;
/** The most JSON values of a document that holds keys or leads to them: as many as 200 keys can have, and room. */
export const MAX_DOCUMENT_VALUES = 5000;
/** No more than so many keys that are left out are remembered, and none with a longer name. */
const MAX_LEFT_OUT = 40;
const MAX_LEFT_OUT_KID_LENGTH = 256;

/**
 * Picks the usable keys of a JWKS document.
 *
 * @returns the keys and what was left out, or the reason why it is no JWKS, in a few words.
 */
export function parseKeySet(document: JSONObject): ParsedKeySet | string {
  const list = document['keys'];
  if (!Array.isArray(list)) {
    return 'it has no list of keys; expected a JWKS: {"keys": [...]}';
  }
  if (list.length > MAX_KEYS) {
    return `it has ${list.length} keys; expected at most ${MAX_KEYS}`;
  }
  const keys: JWK[] = [];
  const rejected: RejectedKey[] = [];
  for (const [index, member] of (list as unknown[]).entries()) {
    const key = parseKey(member);
    if ('reason' in key) {
      const kid = keyIDOf(member);
      rejected.push({ index, ...(kid === undefined ? {} : { kid }), reason: key.reason });
    } else {
      keys.push(key.jwk);
    }
  }
  return { keySet: createKeySet(keys, rejected), rejected };
}

/** Makes a key set. @param rejected what was published beside the keys. */
export function createKeySet(keys: readonly JWK[], rejected: readonly LeftOutKey[]): KeySet {
  const leftOut = rejected
    .filter(({ kid = '' }) => kid.length <= MAX_LEFT_OUT_KID_LENGTH)
    .slice(0, MAX_LEFT_OUT)
    .map(({ kid, reason }) => (kid === undefined ? { reason } : { kid, reason }));
  return leftOut.length === 0 ? { keys } : { keys, leftOut };
}
