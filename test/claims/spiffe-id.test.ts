// SPIFFE IDs, by the words of the specification (SPIFFE-ID section 2).
import { describe, expect, it } from 'vitest';

import { isSPIFFEID, isTrustDomain, trustDomainOf } from '../../src/claims/spiffe-id.ts';

describe('a SPIFFE ID', () => {
  it.each([
    'spiffe://example.org',
    'spiffe://example.org/web',
    'spiffe://example.org/ns/foo/sa/my_service',
    'spiffe://example.org/9eebccd2-12bf-40a6-b262-65fe0487d453',
    'spiffe://example.org/.../a',
    `spiffe://example.org/${'a'.repeat(2000)}`,
  ])('is %s', (id) => {
    expect(isSPIFFEID(id, 'example.org')).toBe(true);
    expect(trustDomainOf(id)).toBe('example.org');
  });

  it.each([
    'spiffe://example.org/',
    'spiffe://example.org//web',
    'spiffe://example.org/web/',
    'spiffe://example.org/./web',
    'spiffe://example.org/a/../web',
    'spiffe://example.org/a%2fb',
    'spiffe://example.org/a b',
    'spiffe://example.org/ä',
    'spiffe://example.org/a?x',
    'spiffe://example.org/a#x',
    'spiffe://example.org/a\n',
    'spiffe://example.org?x',
    'spiffe://example.org:8443/web',
    'spiffe://user@example.org/web',
    'spiffe://Example.org/web',
    'spiffe://example.org.attacker.example/web',
    'spiffe://attacker.example/example.org',
    'SPIFFE://example.org/web',
    'https://example.org/web',
    'spiffe:/example.org/web',
    'spiffe:///web',
    'example.org/web',
    '',
  ])('of example.org is not %j', (id) => {
    expect(isSPIFFEID(id, 'example.org')).toBe(false);
  });

  it('is found in linear time to be none', () => {
    expect(isSPIFFEID(`spiffe://example.org${'/a'.repeat(500_000)}//`, 'example.org')).toBe(false);
  });
});

describe('a trust domain', () => {
  it.each(['example.org', 'a', '10.0.0.1', 'my_domain-1', 'a'.repeat(255)])('is %s', (name) => {
    expect(isTrustDomain(name)).toBe(true);
  });

  it.each(['', 'Example.org', 'a/b', 'a:1', 'ä', 'a b', 'spiffe://a', 'a'.repeat(256)])(
    'is not %j',
    (name) => {
      expect(isTrustDomain(name)).toBe(false);
    },
  );

  it('is told of any subject that claims to be of one, and of no other', () => {
    expect(trustDomainOf('spiffe://Example.org:1/..')).toBe('Example.org:1');
    for (const subject of [undefined, null, 1, ['spiffe://a/b'], '', 'alice', 'xspiffe://a/b']) {
      expect(trustDomainOf(subject)).toBeUndefined();
    }
  });
});
