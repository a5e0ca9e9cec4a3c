// A search that finds nothing proves nothing unless it would find what is there.
import { expect, it } from 'vitest';

import { findTraces } from './find-traces.ts';
import { signToken } from './sign-token.ts';
import { createSigningKey } from './signing-key.ts';

const token = signToken(await createSigningKey('ES256', 'k'), {
  iss: 'https://issuer.example.com',
  sub: 'system:serviceaccount:foo:bar',
});
const [header = '', claims = '', signature = ''] = token.split('.');
const noise = 'LOG:  granted, after all that was said. '.repeat(20);

it('finds nothing where there is nothing', () => {
  expect(findTraces(noise, [token])).toEqual([]);
  expect(findTraces(`${noise}${signature.slice(3, 18)}!${noise}`, [token])).toEqual([]);
});

it.each([
  ['the whole', token],
  ['its header', header],
  ['its claims', claims],
  ['its signature', signature],
  ['20 characters of its signature', signature.slice(40, 60)],
  ['16 characters of its claims', claims.slice(7, 23)],
  ['its end', token.slice(-16)],
  ['its signature in base64', Buffer.from(signature, 'base64url').toString('base64')],
  ['its signature in hex', Buffer.from(signature, 'base64url').toString('hex')],
  ['its signature in bytes', Buffer.from(signature, 'base64url').toString('latin1')],
  ['itself in hex', Buffer.from(token).toString('hex')],
  ['itself as a buffer in JSON', JSON.stringify(Buffer.from(token))],
  ['itself encoded once more', Buffer.from(token).toString('base64')],
  ['itself encoded in the middle', Buffer.from(`Bearer ${token} and more`).toString('base64')],
])('finds %s', (_what, trace) => {
  expect(findTraces(`${noise}${trace}${noise}`, ['x'.repeat(100), token])).not.toEqual([]);
});

it('refuses to look for what is too short to be found', () => {
  expect(() => findTraces(noise, ['short'])).toThrow('too short');
});
