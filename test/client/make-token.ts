// Tokens in form, signed by nobody: a client does not verify its own.
import { encodePart } from '../support/sign-token.ts';
import { type ClientToken, readClientToken } from '../../src/client/token/client-token.ts';

export const SUBJECT = 'system:serviceaccount:foo:myservice';

/** With the claims of a pod's token of 600 seconds, issued at 0, over which these are put; undefined removes one. */
export function makeToken(claims: Readonly<Record<string, unknown>> = {}): string {
  const all = {
    iss: 'https://issuer',
    sub: SUBJECT,
    aud: ['postgres'],
    iat: 0,
    exp: 600,
    ...claims,
  };
  return `${encodePart({ alg: 'ES256', kid: '1' })}.${encodePart(all)}.${Buffer.alloc(64, 1).toString('base64url')}`;
}

/** The same, as a client holds it. */
export function clientToken(claims: Readonly<Record<string, unknown>> = {}): ClientToken {
  const result = readClientToken(makeToken(claims));
  if (!result.ok) throw new Error(result.reason);
  return result.token;
}
