// The memory of verified signatures: what it remembers, for whom, and how it forgets.
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';

import { createVerifiedSignatures } from '../../src/authorize/verified-signatures.ts';

const NOW = 1_790_000_000;
const key = (kid: string, x = 'x'): JWK => ({ kty: 'EC', crv: 'P-256', x, y: 'y', kid });
const token = (text: string, exp: unknown = NOW + 600, issuer = 'prod') => ({ issuer, text, exp });

describe('remembers', () => {
  it('what was verified with a key, while that key is among those to try', () => {
    const verified = createVerifiedSignatures();
    verified.add(token('t'), key('a'));
    expect(verified.has(token('t'), [key('b'), key('a')], NOW)).toBe(true);
    expect(verified.has(token('t'), [key('a')], NOW)).toBe(true);
    expect(verified.size).toBe(1);
  });

  it('one entry for a token that is verified again', () => {
    const verified = createVerifiedSignatures();
    verified.add(token('t'), key('a'));
    verified.add(token('t'), key('b'));
    expect(verified.size).toBe(1);
    expect(verified.has(token('t'), [key('b')], NOW)).toBe(true);
  });

  it('up to the last moment before exp', () => {
    const verified = createVerifiedSignatures();
    verified.add(token('t', NOW + 10), key('a'));
    expect(verified.has(token('t'), [key('a')], NOW + 9.999)).toBe(true);
  });
});

describe('does not know', () => {
  it('a token that was never verified', () => {
    expect(createVerifiedSignatures().has(token('t'), [key('a')], NOW)).toBe(false);
  });

  it('a token of which one byte differs', () => {
    const verified = createVerifiedSignatures();
    verified.add(token('header.claims.signature'), key('a'));
    for (const other of ['header.claims.signaturE', 'header.claims.signature ', 'header.claims.']) {
      expect(verified.has(token(other), [key('a')], NOW)).toBe(false);
    }
  });

  it('a token that was verified for another entry', () => {
    const verified = createVerifiedSignatures();
    verified.add(token('t', NOW + 600, 'prod'), key('a'));
    expect(verified.has(token('t', NOW + 600, 'test'), [key('a')], NOW)).toBe(false);
    // Name and token are told apart.
    expect(verified.has(token('dt', NOW + 600, 'pro'), [key('a')], NOW)).toBe(false);
    expect(verified.has(token('t'), [key('a')], NOW)).toBe(true);
  });

  it('a token from exp on, and forgets it', () => {
    const verified = createVerifiedSignatures();
    verified.add(token('t', NOW + 10), key('a'));
    expect(verified.has(token('t'), [key('a')], NOW + 10)).toBe(false);
    expect(verified.size).toBe(0);
    // Also when the clock is set back then.
    expect(verified.has(token('t'), [key('a')], NOW)).toBe(false);
  });

  it('a token whose key has left the set, and forgets it', () => {
    const verified = createVerifiedSignatures();
    verified.add(token('t'), key('a'));
    expect(verified.has(token('t'), [key('b')], NOW)).toBe(false);
    expect(verified.size).toBe(0);
    expect(verified.has(token('t'), [key('a')], NOW)).toBe(false);
  });

  it('a token when there is no key to try', () => {
    const verified = createVerifiedSignatures();
    verified.add(token('t'), key('a'));
    expect(verified.has(token('t'), [], NOW)).toBe(false);
  });

  it('a token whose key was replaced by another one of the same kid', () => {
    const verified = createVerifiedSignatures();
    verified.add(token('t'), key('a', 'old'));
    expect(verified.has(token('t'), [key('a', 'new')], NOW)).toBe(false);
  });

  it.each([undefined, null, '1790000600', {}])('a token whose exp is %j', (exp) => {
    const verified = createVerifiedSignatures();
    verified.add({ issuer: 'prod', text: 't', exp }, key('a'));
    expect(verified.has(token('t'), [key('a')], NOW)).toBe(false);
  });
});

describe('when it is full', () => {
  it('never holds more than it may, and forgets the one used longest ago', () => {
    const verified = createVerifiedSignatures(3);
    for (const text of ['a', 'b', 'c']) verified.add(token(text), key('k'));
    expect(verified.has(token('a'), [key('k')], NOW)).toBe(true);
    verified.add(token('d'), key('k'));
    expect(verified.size).toBe(3);
    const left = ['a', 'b', 'c', 'd'].filter((text) => verified.has(token(text), [key('k')], NOW));
    expect(left).toEqual(['a', 'c', 'd']);
  });

  it('holds 4096 tokens unless told otherwise, however many come', () => {
    const verified = createVerifiedSignatures();
    for (let count = 0; count < 10_000; count++) verified.add(token(`t${count}`), key('k'));
    expect(verified.size).toBe(4096);
    expect(verified.has(token('t9999'), [key('k')], NOW)).toBe(true);
    expect(verified.has(token('t0'), [key('k')], NOW)).toBe(false);
  });
});
