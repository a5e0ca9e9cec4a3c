// The certificate authority of an entry, inline or from its file, checked for being certificates.
import { resolve } from 'node:path';
import { readTrustedFile } from '../config/read-trusted-file.ts';
import type { IssuerPart } from '../config/schema.ts';
import type { ReportEntry } from './compile-issuer.ts';
import { fileHint } from './file-hint.ts';
import { MAX_REFERENCED_BYTES } from './limits.ts';

/** @returns PEM, or undefined where the authorities of the system count. */
export async function loadCertificateAuthority(
  issuer: IssuerPart,
  folder: string,
  report: ReportEntry,
): Promise<string | undefined> {
  if (issuer.certificateAuthority !== undefined) {
    await checkCertificates(issuer.certificateAuthority, (reason) => {
      report(['issuer', 'certificateAuthority'], `Invalid value: ${reason}`);
    });
    return issuer.certificateAuthority;
  }
  if (issuer.certificateAuthorityFile === undefined) {
    return undefined;
  }
  const at = ['issuer', 'certificateAuthorityFile'];
  const path = resolve(folder, issuer.certificateAuthorityFile);
  const file = readTrustedFile(path, { maxBytes: MAX_REFERENCED_BYTES });
  if (!file.ok) {
    report(at, `Invalid value: ${path} cannot be used: ${file.reason}`, fileHint(file));
    return undefined;
  }
  await checkCertificates(file.text, (reason) => {
    report(at, `Invalid value: ${path}: ${reason}`);
  });
  return file.text;
}

/** Checks that a text holds PEM certificates and nothing broken; whether they are the right ones, TLS will tell. */
async function checkCertificates(pem: string, report: (reason: string) => void): Promise<void> {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = pem.match(/-----BEGIN /g) ?? [];
  if (blocks.length === 0) {
    report('no certificate in PEM; expected -----BEGIN CERTIFICATE-----');
  } else if (begun.length !== blocks.length) {
    // TLS would pass over it in silence, and over what stands behind it.
    report('a PEM block that is no whole certificate; expected certificates only');
  }
  for (const [index, block] of blocks.entries()) {
    if (!(await isCertificate(block))) {
      report(`certificate ${index + 1} cannot be read; expected X.509 in PEM`);
    }
  }
}

async function isCertificate(pem: string): Promise<boolean> {
  // Not import(), which takes a way of its own through the loader.
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
