// A key by what it is, and not by what it is called or meant for: a set that is published anew, with other members around
// the same key, has the same key.
import { hash } from 'node:crypto';
import type { JWK } from 'jose';

/** The members that RFC 7638 section 3.2, RFC 8037 section 2 and RFC 9964 name for each kind of key, in their order. */
const MEMBERS: ReadonlyMap<string | undefined, readonly string[]> = new Map([
  ['RSA', ['e', 'kty', 'n']],
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['AKP', ['alg', 'kty', 'pub']],
]);

/** Of keys that are in use: each login and each session of a key asks for its one text. */
const known = new WeakMap<JWK, string>();

/** The JWK Thumbprint (RFC 7638) of a public key by SHA-256, in base64url. The key must not be changed afterwards. */
export function thumbprintOf(key: JWK): string {
  let thumbprint = known.get(key);
  if (thumbprint === undefined) {
    thumbprint = digest(key);
    known.set(key, thumbprint);
  }
  return thumbprint;
}

function digest(key: JWK): string {
  const values = new Map<string, unknown>(Object.entries(key));
  const members = MEMBERS.get(key.kty) ?? [...values.keys()].toSorted();
  return hash(
    'sha256',
    JSON.stringify(Object.fromEntries(members.map((name) => [name, values.get(name)]))),
    'base64url',
  );
}
