// A token signed with a key, without an issuer around it.
import type { SigningKey } from './signing-key.ts';

/** JSON in base64url, as the parts of a token are. */
export function encodePart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Signs claims; the header has alg and kid of the key. */
export function signToken(key: SigningKey, claims: Readonly<Record<string, unknown>>): string {
  const data = `${encodePart({ alg: key.algorithm, kid: key.kid })}.${encodePart(claims)}`;
  return `${data}.${key.sign(data).toString('base64url')}`;
}
