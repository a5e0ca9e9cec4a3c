// The memory of tokens: what it remembers, for whom, and how it forgets.
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';

import { createVerifiedTokens, type VerifiedTokens } from '../../src/decide/verified-tokens.ts';
import type { ParsedToken } from '../../src/verify/parse-token.ts';

const NOW = 1_790_000_000;
const key = (kid: string, x = 'x'): JWK => ({ kty: 'EC', crv: 'P-256', x, y: 'y', kid });
const parsed = (text: string, exp: unknown = NOW + 600): ParsedToken => ({
  text,
  algorithm: 'ES256',
  keyID: 'a',
  type: 'JWT',
  claims: { sub: text, exp },
  signatureBytes: 64,
});

function remember(
  known: VerifiedTokens,
  text: string,
  by: JWK,
  exp?: unknown,
  issuer = 'prod',
): void {
  known.find(text).remember(issuer, parsed(text, exp), by);
}

const knows = (known: VerifiedTokens, text: string, keys: JWK[], now = NOW, issuer = 'prod') =>
  known.find(text).verifiedBy(issuer, keys, now) !== undefined;

describe('remembers', () => {
  it('what was verified with a key, while that key is among those to try', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a'));
    expect(knows(known, 't', [key('b'), key('a')])).toBe(true);
    expect(knows(known, 't', [key('a')])).toBe(true);
    expect(known.size).toBe(1);
  });

  it('how the token reads', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a'));
    expect(known.find('t').parsed).toEqual(parsed('t'));
  });

  it('one entry for a token that is verified again', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a'));
    remember(known, 't', key('b'));
    expect(known.size).toBe(1);
    expect(knows(known, 't', [key('b')])).toBe(true);
  });

  it('a token for several entries, each with its own key', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a'), undefined, 'prod');
    remember(known, 't', key('b'), undefined, 'test');
    expect(knows(known, 't', [key('a')], NOW, 'prod')).toBe(true);
    expect(knows(known, 't', [key('b')], NOW, 'test')).toBe(true);
    expect(knows(known, 't', [key('a')], NOW, 'test')).toBe(false);
  });

  it('what two logins with the same token learn at one time', () => {
    const known = createVerifiedTokens();
    const [one, other] = [known.find('t'), known.find('t')];
    one.remember('prod', parsed('t'), key('a'));
    other.remember('test', parsed('t'), key('b'));
    expect(knows(known, 't', [key('a')], NOW, 'prod')).toBe(true);
    expect(knows(known, 't', [key('b')], NOW, 'test')).toBe(true);
    expect(known.size).toBe(1);
  });

  it('nothing for a login that began before, which checks for itself', () => {
    const known = createVerifiedTokens();
    const before = known.find('t');
    remember(known, 't', key('a'));
    expect(before.verifiedBy('prod', [key('a')], NOW)).toBeUndefined();
  });

  it('up to the last moment before exp', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a'), NOW + 10);
    expect(knows(known, 't', [key('a')], NOW + 9.999)).toBe(true);
  });
});

describe('does not know', () => {
  it('a token that was never verified', () => {
    const known = createVerifiedTokens();
    expect(known.find('t').parsed).toBeUndefined();
    expect(knows(known, 't', [key('a')])).toBe(false);
    expect(known.size).toBe(0);
  });

  it('a token of which one byte differs', () => {
    const known = createVerifiedTokens();
    remember(known, 'header.claims.signature', key('a'));
    for (const other of ['header.claims.signaturE', 'header.claims.signature ', 'header.claims.']) {
      expect(knows(known, other, [key('a')])).toBe(false);
      expect(known.find(other).parsed).toBeUndefined();
    }
  });

  it('a token that was verified for another entry', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a'));
    expect(knows(known, 't', [key('a')], NOW, 'test')).toBe(false);
    expect(knows(known, 't', [key('a')])).toBe(true);
  });

  it('a token from exp on, and forgets it', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a'), NOW + 10);
    expect(knows(known, 't', [key('a')], NOW + 10)).toBe(false);
    expect(known.size).toBe(0);
    // Also when the clock is set back then.
    expect(knows(known, 't', [key('a')], NOW)).toBe(false);
  });

  it('a token whose key has left the set, and forgets that it was verified', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a'));
    expect(knows(known, 't', [key('b')])).toBe(false);
    expect(knows(known, 't', [key('a')])).toBe(false);
  });

  it('a token when there is no key to try', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a'));
    expect(knows(known, 't', [])).toBe(false);
  });

  it('a token whose key was replaced by another one of the same kid', () => {
    const known = createVerifiedTokens();
    remember(known, 't', key('a', 'old'));
    expect(knows(known, 't', [key('a', 'new')])).toBe(false);
  });

  it.each([undefined, null, '1790000600', {}])('a token whose exp is %j', (exp) => {
    const known = createVerifiedTokens();
    known.find('t').remember('prod', { ...parsed('t'), claims: { sub: 't', exp } }, key('a'));
    expect(knows(known, 't', [key('a')])).toBe(false);
    expect(known.size).toBe(0);
  });
});

describe('when it is full', () => {
  it('never holds more than it may, and forgets the one used longest ago', () => {
    const known = createVerifiedTokens({ tokens: 3, bytes: 1000 });
    for (const text of ['a', 'b', 'c']) remember(known, text, key('k'));
    expect(knows(known, 'a', [key('k')])).toBe(true);
    remember(known, 'd', key('k'));
    expect(known.size).toBe(3);
    const left = ['a', 'b', 'c', 'd'].filter((text) => knows(known, text, [key('k')]));
    expect(left).toEqual(['a', 'c', 'd']);
  });

  it('makes room for the bytes of a long token', () => {
    const known = createVerifiedTokens({ tokens: 100, bytes: 10 });
    for (const text of ['aaaa', 'bbbb', 'cc']) remember(known, text, key('k'));
    remember(known, 'dddddd', key('k'));
    const left = ['aaaa', 'bbbb', 'cc', 'dddddd'].filter((text) => knows(known, text, [key('k')]));
    expect(left).toEqual(['cc', 'dddddd']);
  });

  it('does not remember a token that is longer than all of its room, and counts no bytes twice', () => {
    const known = createVerifiedTokens({ tokens: 100, bytes: 10 });
    remember(known, 'x'.repeat(11), key('k'));
    expect(known.size).toBe(0);
    for (let times = 0; times < 5; times++) remember(known, 'aaaa', key('k'));
    remember(known, 'bbbbbb', key('k'));
    expect(known.size).toBe(2);
  });

  it('holds 1024 tokens unless told otherwise, however many come', () => {
    const known = createVerifiedTokens();
    for (let count = 0; count < 10_000; count++) remember(known, `t${count}`, key('k'));
    expect(known.size).toBe(1024);
    expect(knows(known, 't9999', [key('k')])).toBe(true);
    expect(knows(known, 't0', [key('k')])).toBe(false);
  });
});
