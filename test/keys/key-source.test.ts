// For which sources keys serve: who was believed when they were retrieved must still be.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { formatKeySource, servesSource } from '../../src/keys/key-source.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../support/certificate-authority.ts';

const ADDRESS = 'jwks https://issuer.example.com/keys';

const stack = new AsyncDisposableStack();
let old: CertificateAuthority;
let next: CertificateAuthority;

beforeAll(async () => {
  old = stack.use(await createCertificateAuthority());
  next = stack.use(await createCertificateAuthority());
});

afterAll(async () => {
  await stack.disposeAsync();
});

const source = (pem?: string, address = ADDRESS): string => formatKeySource(address, pem);

describe('a source', () => {
  it('is the same whatever stands around its certificates, how often and in which order they stand', () => {
    const both = source(old.certificate + next.certificate);
    expect(source(`# comment by somebody\n${old.certificate}\n\n${next.certificate}`)).toBe(both);
    expect(source(old.certificate.replaceAll('\n', '\r\n') + next.certificate)).toBe(both);
    expect(source(next.certificate + old.certificate + next.certificate)).toBe(both);
    expect(source()).toBe(`${ADDRESS} by the authorities of the system`);
  });
});

describe('keys of a source', () => {
  it('serve the same one', () => {
    for (const pem of [undefined, old.certificate, old.certificate + next.certificate]) {
      expect(servesSource(source(pem), source(pem))).toBe(true);
    }
  });

  it('serve one that trusts more authorities, as while they are rotated', () => {
    expect(servesSource(source(old.certificate), source(old.certificate + next.certificate))).toBe(
      true,
    );
  });

  it('serve none that trusts one of theirs no longer: it may have been its word', () => {
    const both = source(old.certificate + next.certificate);
    expect(servesSource(both, source(next.certificate))).toBe(false);
    expect(servesSource(source(old.certificate), source(next.certificate))).toBe(false);
    expect(servesSource(source(old.certificate), source())).toBe(false);
    expect(servesSource(source(), source(old.certificate))).toBe(false);
  });

  it('serve no other address', () => {
    for (const address of [
      `${ADDRESS}2`,
      'jwks https://issuer.example.com/key',
      ADDRESS.toUpperCase(),
    ]) {
      expect(servesSource(source(old.certificate, address), source(old.certificate))).toBe(false);
      expect(servesSource(source(old.certificate), source(old.certificate, address))).toBe(false);
      expect(servesSource(source(undefined, address), source())).toBe(false);
    }
  });

  it('serve none when it cannot be told who was believed', () => {
    for (const retrieved of [
      '',
      ADDRESS,
      `${ADDRESS} by `,
      `${ADDRESS} by system`,
      `${ADDRESS} by the authorities of the systems`,
    ]) {
      expect(servesSource(retrieved, source(old.certificate))).toBe(false);
      expect(servesSource(retrieved, source())).toBe(false);
    }
    const cut = source(old.certificate).slice(0, -30);
    expect(servesSource(cut, source(old.certificate))).toBe(false);
    const changed = source(old.certificate).replace(/A/, 'B');
    expect(servesSource(changed, source(old.certificate))).toBe(false);
  });

  it('serve by what version 0.1 wrote, the text of the file as it was', () => {
    const before = `${ADDRESS} by # our own\n${old.certificate}`;
    expect(servesSource(before, source(old.certificate))).toBe(true);
    expect(servesSource(before, source(next.certificate))).toBe(false);
    expect(servesSource(`${ADDRESS} by the authorities of the system`, source())).toBe(true);
  });
});
